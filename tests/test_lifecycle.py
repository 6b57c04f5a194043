"""What surrounds a store: threads, forks, Ctrl-C, garbage, imports, full disks."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zeta
from zeta import errors


def run_python(code: str) -> str:
    """The output of a fresh interpreter, which must end well."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_threads(count: int, body: Callable[[int], None]) -> None:
    """Runs a function in many threads, and raises what one of them raised."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            body(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.parametrize("workers", [1, 3])
def test_many_threads_share_a_store(workers: int) -> None:
    threads, rounds = 8, 150
    with zeta.open(workers=workers, slots=96, epoch=0.02) as store:

        def count_up(number: int) -> None:
            for _ in range(rounds):
                while True:
                    old = store.get(b"counter")
                    new = b"%d" % (int(old or b"0") + 1)
                    if store.compare_and_set(b"counter", old, new):
                        break
                store.put(b"own %d" % number, new)
                store.rename(b"own %d" % number, b"last %d" % number)

        in_threads(threads, count_up)
        assert store.get(b"counter") == b"%d" % (threads * rounds)
        assert len(store) == threads + 1
        store.certify()


def test_batches_and_single_operations_run_side_by_side() -> None:
    keys = [b"%d" % number for number in range(20_000)]
    with zeta.open(workers=2, epoch=0.02) as store:

        def drive(number: int) -> None:
            for _ in range(3):
                if number % 2:
                    store.put_many(keys, [b"%d" % number] * len(keys))
                else:
                    for key in keys[:500]:
                        store.get(key)

        in_threads(4, drive)
        assert set(store.get_many(keys)) <= {b"1", b"3"}


def test_other_threads_run_while_a_batch_does() -> None:
    keys = [b"%d" % number for number in range(200_000)]
    with zeta.open() as store:
        column_values = keys[:]
        done = threading.Event()
        turns = 0

        def count() -> None:
            nonlocal turns
            while not done.is_set():
                turns += 1
                time.sleep(0.001)

        counter = threading.Thread(target=count)
        counter.start()
        store.put_many(keys, column_values)
        done.set()
        counter.join()
        assert turns > 5


def test_a_forked_child_is_told() -> None:
    output = run_python(
        """
        import os
        import zeta

        store = zeta.open(log=None)
        store.put(b"a", b"1")
        child = os.fork()
        if child == 0:
            told = 0
            for call in (lambda: store.get(b"a"), lambda: store.put(b"a", b"2"), store.certify,
                         store.close, lambda: len(store), lambda: store.get_many([b"a"])):
                try:
                    call()
                except zeta.errors.StoreClosed as error:
                    told += "forked" in str(error)
            del store
            os._exit(told)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), store.get(b"a"))
        store.close()
        with zeta.open() as after:
            after.put(b"b", b"2")
        """
    )
    assert output == "6 b'1'\n"


def test_a_child_may_open_its_own() -> None:
    output = run_python(
        """
        import os
        import zeta

        store = zeta.open(epoch=0.01)
        child = os.fork()
        if child == 0:
            with zeta.open(epoch=0.01) as own:
                own.put(b"a", b"1")
                own.certify()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status))
        store.close()
        """
    )
    assert output == "0\n"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Interrupts raise, also where the tests run in the background, which ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_batch_is_whole_when_a_user_interrupts_it() -> None:
    keys = [b"%d" % number for number in range(300_000)]
    with zeta.open() as store:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()

        def run_for_ever() -> None:
            while True:
                store.put_many(keys, keys)

        with pytest.raises(KeyboardInterrupt):
            run_for_ever()
        timer.join()
        assert store.get_many(keys).to_list() == keys
        store.certify()


@pytest.mark.usefixtures("interruptible")
def test_a_wait_can_be_interrupted() -> None:
    with zeta.open(epoch=60.0) as store:
        operation = store.op.put(b"a", b"1")
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            operation.certified()
        assert time.monotonic() - begun < 30
        timer.join()
        assert store.get(b"a") == b"1"


def test_forgotten_stores_go_away() -> None:
    before = threading.active_count()
    for _ in range(50):
        store = zeta.open(epoch=0.001)
        store.put(b"a", b"1")
        del store
    gc.collect()
    assert threading.active_count() == before


def test_an_interpreter_ends_with_an_open_store() -> None:
    assert run_python("import zeta; store = zeta.open(on_epoch=print); print('end')") == "end\n"


def test_import_is_light() -> None:
    heavy = "{'numpy', 'pyarrow', 'typer', 'rich', 'asyncio', 'hypothesis'}"
    assert run_python(f"import sys, zeta; print({heavy} & set(sys.modules))") == "set()\n"
    assert run_python("import zeta; print(zeta.log.EMPTY_ROOT.left, zeta.aio.open)").startswith(
        "None <function open"
    )
    assert "no attribute" in run_python(
        "import zeta\ntry:\n    zeta.nothing\nexcept AttributeError as error:\n    print(error)"
    )


def test_a_full_disk_is_told_and_ends_the_store(tmp_path: Path) -> None:
    """The logs' names lead to a device that is always full."""
    probe = tmp_path / "probe"
    with zeta.open(log=probe) as store:
        store.put(b"a", b"1")
    full = tmp_path / "full"
    code = f"""
        import resource, signal
        import zeta

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        store = zeta.open(log={str(full)!r}, epoch=None)
        store.put(b"a", b"1")
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            for number in range(1000):
                store.put(b"%d" % number, bytes(10_000))
            store.certify()
        except zeta.errors.LogWriteError as error:
            print("told", isinstance(error, OSError), "cannot be written" in str(error))
        try:
            store.get(b"a")
        except zeta.errors.LogWriteError:
            print("ended")
        try:
            store.close()
        except zeta.errors.HostError:
            print("closed")
    """
    assert run_python(code) == "told True True\nended\nclosed\n"


def test_errors_survive_pickling() -> None:
    import pickle

    for error in (
        errors.Rejected(1, 2, "HashMismatch"),
        errors.PoisonedError(1, 2, "SlotEmpty"),
        errors.MismatchError(3),
        errors.CheckFailed(256),
        errors.InvalidValue("text"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert (str(copy), vars(copy)) == (str(error), vars(error))

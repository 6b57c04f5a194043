// The vectors, judged by the JavaScript: the same verdicts as everybody else's.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import {
  ReceiptError,
  fromFile,
  fromHex,
  fromIdentityFile,
  toHex,
  verify,
  verifyCertification,
  verifyIntroduction,
} from "./zeta-verify.mjs";

// Those of the Rust, and those of a verifier that was written a second time, in Python.
const FOLDERS = ["../vectors/receipts/", "../tests/receipts/vectors/"].map(
  (folder) => new URL(folder, import.meta.url),
);
const DONE = new URL("accept/done.json", FOLDERS[1]);
const SAMPLES = new URL("../docs/samples/", import.meta.url);

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? filesBelow(new URL(`${entry.name}/`, folder))
      : [new URL(entry.name, folder)],
  );
}

function orNothing(digits) {
  return digits === null ? null : fromHex(digits);
}

const VERIFIERS = {
  receipt: verify,
  certification: verifyCertification,
  introduction: verifyIntroduction,
};

async function verdict(vector) {
  const verifies = VERIFIERS[vector.kind];
  try {
    await verifies(fromHex(vector.bytes), fromHex(vector.identity), fromHex(vector.instance), {
      program: orNothing(vector.program),
      incarnation: orNothing(vector.incarnation),
    });
    return "accepted";
  } catch (error) {
    if (!(error instanceof ReceiptError)) throw error;
    return error.name;
  }
}

for (const folder of FOLDERS) {
  const files = filesBelow(folder);
  for (const file of files) {
    const name = fileURLToPath(file).slice(fileURLToPath(folder).length);
    test(`vector ${name}`, async () => {
      const vector = JSON.parse(readFileSync(file, "utf8"));
      const found = await verdict(vector);
      // The Rust does not say which part of the scope is another.
      const coarse = vector.expected === "WrongScope" && found.startsWith("Other");
      assert.equal(coarse ? "WrongScope" : found, vector.expected);
    });
  }
  test("there are vectors", () => assert.ok(files.length > 40));
}

const KINDS = ["certification", "introduction"];

function vectorOf(kind, name) {
  const file = new URL(`${kind}/${name}.json`, FOLDERS[0]);
  const vector = JSON.parse(readFileSync(file, "utf8"));
  return [vector.bytes, vector.identity, vector.instance].map(fromHex);
}

for (const kind of KINDS) {
  test(`a ${kind} of another scope or identity, or with another byte, is refused`, async () => {
    const [data, identity, instance] = vectorOf(kind, "good");
    const verifies = VERIFIERS[kind];
    const found = await verifies(data, identity, null);
    assert.equal(toHex(found.instance), toHex(instance));
    const other = (bytes) => bytes.map((byte) => byte ^ 1);
    const refused = (name, ...asked) => assert.rejects(verifies(...asked), { name });
    await refused("NotCertified", data, other(identity), instance);
    await refused("OtherInstance", data, identity, other(instance));
    await refused("OtherProgram", data, identity, instance, { program: other(found.program) });
    await refused("OtherIncarnation", data, identity, instance, {
      incarnation: other(found.incarnation),
    });
    for (let place = 0; place < data.length; place++) {
      const changed = data.map((byte, at) => (at === place ? byte ^ 1 : byte));
      await assert.rejects(verifies(changed, identity, instance), ReceiptError, `${place}`);
      await assert.rejects(verifies(data.subarray(0, place), identity, null), ReceiptError);
    }
  });

  test(`a file of a ${kind} is read as one, and not as a receipt`, () => {
    const content = new TextEncoder().encode(`{"${kind}": "ab"}`);
    assert.deepEqual(fromFile("a.json", content, kind), fromHex("ab"));
    assert.throws(() => fromFile("a.json", content), { name: "WrongFile" });
    assert.throws(() => fromFile("a.json", content, "key"), TypeError);
  });
}

test("a certification of another epoch is refused", async () => {
  const [data, identity, instance] = vectorOf("certification", "good");
  const { epoch } = await verifyCertification(data, identity, instance);
  await verifyCertification(data, identity, instance, { epoch });
  const asked = verifyCertification(data, identity, instance, { epoch: epoch + 1 });
  await assert.rejects(asked, { name: "OtherEpoch" });
});

test("a sample from its files verifies, and says what was asked and answered", async () => {
  const content = readFileSync(new URL("receipt.json", SAMPLES));
  const identity = fromIdentityFile(readFileSync(new URL("zeta.pub", SAMPLES)));
  const data = fromFile("receipt.json", content);
  const { receipt } = await verify(data, identity, null);
  assert.equal(receipt.answer, 0);
  assert.equal(toHex(data), JSON.parse(content).receipt);
});

test("a file that is not the one JSON is refused", () => {
  for (const text of [
    "",
    "{}",
    '{"receipt": "AB"}',
    '{"receipt": "a"}',
    '{"receipt": "ab", "receipt": "cd"}',
    '{"receipt": "ab", "more": 1}',
    '{"certification": "ab"}',
    '["receipt", "ab"]',
    '{"receipt": "ab"} x',
    '{"receip\\u0074": "ab"}',
  ]) {
    const content = new TextEncoder().encode(text);
    assert.throws(() => fromFile("a.json", content), { name: "WrongFile" }, text);
  }
  const spaced = new TextEncoder().encode(' { "receipt":\t"ab"}\r\n');
  assert.deepEqual(fromFile("a.json", spaced), fromHex("ab"));
  assert.deepEqual(fromFile("a.cbor", fromHex("ab")), fromHex("ab"));
});

test("what are no hex digits are refused", () => {
  for (const digits of ["0", "0g", "00 00", "0x00"]) {
    assert.throws(() => fromHex(digits), TypeError, digits);
  }
  assert.equal(toHex(fromHex("00fFa0")), "00ffa0");
});

test("what was pinned must have its length", async () => {
  const whole = new Uint8Array(32);
  await assert.rejects(verify(whole, whole.slice(1), null), TypeError);
  await assert.rejects(verify(whole, whole, whole), TypeError);
  await assert.rejects(verify(whole, whole, null, { program: "00" }), TypeError);
  assert.throws(() => fromIdentityFile(new TextEncoder().encode("00".repeat(32))), TypeError);
});

test("a receipt that changes while it is verified does not mislead", async () => {
  const vector = JSON.parse(readFileSync(DONE, "utf8"));
  const data = Buffer.from(vector.bytes, "hex");
  const waiting = verify(data, fromHex(vector.identity), fromHex(vector.instance));
  data.fill(0);
  const { receipt } = await waiting;
  assert.equal(toHex(receipt.signature), vector.bytes.slice(-128));
  await assert.rejects(verify(vector.bytes, fromHex(vector.identity), null), TypeError);
});

test("another epoch than the one that was asked about is refused", async () => {
  const vector = JSON.parse(readFileSync(DONE, "utf8"));
  const known = [vector.bytes, vector.identity, vector.instance].map(fromHex);
  const { receipt } = await verify(...known);
  await verify(...known, { epoch: receipt.epoch });
  await assert.rejects(verify(...known, { epoch: receipt.epoch + 1 }), { name: "OtherEpoch" });
});

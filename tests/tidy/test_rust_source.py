"""The scanner of Rust sources, which the other tidy tests and the mutation check rely on."""

import rust_source

SOURCE = """//! A file.
/* outer /* inner { */ still { */
fn one<'a>(x: &'a str) -> [u8; { 4 }] {
    let brace = '{'; let quote = '\\''; // }
    let raw = r#"} " }"#;
    [0; 4]
}
trait T { fn bodiless(&self) -> u8; }

#[cfg(test)]
mod tests {
    #[test]
    fn two() {}
}
"""


def test_strings_and_comments_are_blanked_in_place() -> None:
    code = rust_source.blank(SOURCE)
    assert len(code) == len(SOURCE)
    assert code.count("{") == code.count("}") == 5
    assert "inner" not in code
    assert "'a" in code


def test_functions_are_measured() -> None:
    found = [(function.name, function.length) for function in rust_source.functions(SOURCE)]
    assert found == [("one", 5), ("two", 1)]


def test_code_is_counted_without_comments_and_tests() -> None:
    assert rust_source.code_line_count(SOURCE) == 6


def test_an_overlong_function_is_seen() -> None:
    text = "//! A file.\npub const fn long() {\n" + "    step();\n" * 80 + "}\n"
    assert [function.length for function in rust_source.functions(text)] == [82]

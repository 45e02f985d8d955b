"""Telegram's HTML, its errors, and what it finds by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox import entities, refusals, rendering

READ = [
    ("<b>a</b> &amp; <i>b</i>", "a & b", [("bold", 0, 1), ("italic", 4, 1)]),
    ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
    ("😀<code>x</code>", "😀x", [("code", 2, 1)]),
    ("<B>x</B>", "x", [("bold", 0, 1)]),
    ("a &lt;b&gt; &#65;&#x42; &copy;", "a <b> AB &copy;", []),
    ("  <b> x </b>  ", "x", [("bold", 0, 1)]),
    ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
    ('<span class="tg-spoiler">s</span>', "s", [("spoiler", 0, 1)]),
    ("<b></b>x", "x", []),
]
WRONG = [
    ("a < b", 'Unsupported start tag "" at byte offset 2'),
    ("é<p>x</p>", 'Unsupported start tag "p" at byte offset 2'),
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<b", "Unclosed start tag at byte offset 0"),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
]
FOUND = [
    ("/start x", [("bot_command", 0, 6)]),
    ("/open@aftercare_bot", [("bot_command", 0, 19)]),
    ("a/b 1/2", []),
    ("see https://nhs.uk/a?b=c.", [("url", 4, 20)]),
    ("@nurse_okoro #pain a@b.org", [("mention", 0, 12), ("hashtag", 13, 5), ("email", 19, 7)]),
]


def marks(rich: entities.Rich) -> list[tuple[str, int, int]]:
    return [(e["type"], e["offset"], e["length"]) for e in rich.entities]


@pytest.mark.parametrize(("source", "text", "expected"), READ)
def test_markup_is_read(source: str, text: str, expected: list[tuple[str, int, int]]) -> None:
    rich = entities.parse_html(source)
    assert (rich.text, marks(rich)) == (text, expected)


@pytest.mark.parametrize(("source", "why"), WRONG)
def test_wrong_markup_is_refused_in_telegrams_words(source: str, why: str) -> None:
    with pytest.raises(refusals.Refusal) as refused:
        entities.parse_html(source)
    assert refused.value.description == f"Bad Request: can't parse entities: {why}"


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_telegram_finds_commands_links_and_names(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert marks(entities.plain(text)) == expected


def test_a_link_keeps_its_address_and_code_its_language() -> None:
    rich = entities.parse_html('<a href="https://x.org/?a=1&amp;b=2">x</a> <a href="javascript:1">y</a>')
    assert rich.entities == [{"type": "text_link", "offset": 0, "length": 1, "url": "https://x.org/?a=1&b=2"}]
    code = entities.parse_html('<pre><code class="language-python">x</code></pre>')
    assert code.entities == [{"type": "pre", "offset": 0, "length": 1, "language": "python"}]


@given(st.text())
def test_any_text_escaped_is_read_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert entities.parse_html(escaped).text == text.strip()


@given(st.text(alphabet="<>b/i &;a="))
def test_no_markup_breaks_the_reader(source: str) -> None:
    try:
        rich = entities.parse_html(source)
    except refusals.Refusal as refused:
        assert refused.code == 400
    else:
        assert rendering.to_html(rich.text, rich.entities).count("<b>") <= source.lower().count("<b")


def test_the_page_gets_no_markup_a_person_wrote() -> None:
    rich = entities.plain('<script>alert("1")</script> https://a.org/"onclick=x')
    shown = rendering.to_html(rich.text, rich.entities)
    assert "<script" not in shown
    assert '"onclick' not in shown


def test_nested_marks_close_in_order() -> None:
    rich = entities.parse_html("<b>a<i>b</i></b>\n<u>c</u>")
    assert rendering.to_html(rich.text, rich.entities) == "<b>a<i>b</i></b>\n<u>c</u>"

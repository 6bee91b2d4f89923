// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/CharClass.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ds::rt {
namespace {

using Pieces = std::vector<std::string>;

Pieces piecesOf(std::string_view text) {
  Pieces pieces;
  PreTokenizer splitter(text);
  for (std::string_view piece; splitter.next(piece);)
    pieces.emplace_back(piece);
  return pieces;
}

TEST(PreTokenizer, groups_digits_in_threes_from_the_left) {
  EXPECT_EQ(piecesOf("1234567x"), (Pieces{"123", "456", "7", "x"}));
  EXPECT_EQ(piecesOf("１２３４"), (Pieces{"１２３", "４"}));
}

// Kana and ideographs stand apart; within a run, signs part words.
TEST(PreTokenizer, parts_kana_and_ideographs) {
  EXPECT_EQ(piecesOf("abc漢字かなdef"), (Pieces{"abc", "漢字かな", "def"}));
  EXPECT_EQ(piecesOf("カ・タ"), (Pieces{"カ", "・", "タ"}));
}

// A word takes one character before it that is no newline and no sign.
TEST(PreTokenizer, joins_a_blank_to_the_word_behind_it) {
  EXPECT_EQ(piecesOf("a b  c\td"), (Pieces{"a", " b", " ", " c", "\td"}));
  EXPECT_EQ(piecesOf("\na"), (Pieces{"\n", "a"}));
}

// One ASCII sign goes with the ASCII letters behind it; other signs stay
// together, with a blank before and newlines behind.
TEST(PreTokenizer, joins_signs) {
  EXPECT_EQ(piecesOf("x=y"), (Pieces{"x", "=y"}));
  EXPECT_EQ(piecesOf("(é"), (Pieces{"(", "é"}));
  EXPECT_EQ(piecesOf("a !!\r\n\n b"), (Pieces{"a", " !!\r\n\n", " b"}));
  EXPECT_EQ(piecesOf("=aé"), (Pieces{"=a", "é"}));
}

// White space runs through its last newline; else its last character is left
// to what follows, unless the span ends.
TEST(PreTokenizer, cuts_white_space) {
  EXPECT_EQ(piecesOf(" \n \n  a"), (Pieces{" \n \n", " ", " a"}));
  EXPECT_EQ(piecesOf("a   "), (Pieces{"a", "   "}));
  EXPECT_EQ(piecesOf("   12"), (Pieces{"   ", "12"}));
  EXPECT_EQ(piecesOf("  (("), (Pieces{" ", " (("}));
  EXPECT_EQ(piecesOf("\t\t(("), (Pieces{"\t", "\t", "(("}));
}

// Marks belong to words; characters of no class form runs, the last of which
// joins a word behind it.
TEST(PreTokenizer, keeps_runs_that_nothing_matches) {
  EXPECT_EQ(piecesOf("e\u0301a"), (Pieces{"e\u0301a"}));
  EXPECT_EQ(piecesOf("\x01\x02\x03z"), (Pieces{"\x01\x02", "\x03z"}));
  EXPECT_EQ(piecesOf("\x01\x02."), (Pieces{"\x01\x02", "."}));
}

TEST(PreTokenizer, gives_no_piece_of_an_empty_text) {
  EXPECT_EQ(piecesOf(""), Pieces{});
}

TEST(CharClass, follows_unicode) {
  EXPECT_EQ(charClass('a'), CharClass::Letter);
  EXPECT_EQ(charClass(0x9fa5), CharClass::Letter); // inside a First, Last pair
  EXPECT_EQ(charClass(0x0301), CharClass::Mark);
  EXPECT_EQ(charClass(0x2167), CharClass::Number); // ROMAN NUMERAL EIGHT
  EXPECT_EQ(charClass('_'), CharClass::Punctuation);
  EXPECT_EQ(charClass(0x20ac), CharClass::Symbol);
  EXPECT_EQ(charClass(0x85), CharClass::Space);
  EXPECT_EQ(charClass(0x3000), CharClass::Space);
  EXPECT_EQ(charClass(0x200b), CharClass::Other); // ZERO WIDTH SPACE
  EXPECT_EQ(charClass(0x10ffff), CharClass::Other);
}

} // namespace
} // namespace ds::rt

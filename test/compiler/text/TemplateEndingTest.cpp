// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/TemplateEnding.h"
#include <gtest/gtest.h>

namespace ds {
namespace {

TEST(TemplateEnding, is_the_text_of_the_last_prompt_block) {
  for (const char *text :
       {"{% if add_generation_prompt %}{{ 'A' }}{% endif %}",
        "{% if not add_generation_prompt is defined %}x{% endif %}y"
        "{%- if add_generation_prompt and not ns.is_tool -%}{{ 'A' }}"
        "{%- endif -%}\n",
        "{% for m in messages %}{{ m['}}'] }}{% endfor %}\n"
        "{% if add_generation_prompt %}\n  {{- \"A\" -}}\n{% endif %}\n",
        "{# {% if add_generation_prompt %} #}{% if add_generation_prompt %}A"
        "{% endif %}"})
    EXPECT_EQ(templateEnding(text), "A") << text;
}

TEST(TemplateEnding, joins_literals_and_reads_escapes) {
  EXPECT_EQ(
      templateEnding("{% if add_generation_prompt %}{{ 'A' + \"<b>\\n\" }}"
                     "{% endif %}"),
      "A<b>\n");
  EXPECT_EQ(templateEnding("{% if add_generation_prompt %}{{'A'}}{{'B'}}C"
                           "{% endif %}"),
            "ABC");
}

// Text keeps its newlines, but for those that go with a block's tag.
TEST(TemplateEnding, treats_white_space_as_jinja_does) {
  EXPECT_EQ(templateEnding("{% if add_generation_prompt %}\nA\n{% endif %}"),
            "A\n");
  EXPECT_EQ(templateEnding("{% if add_generation_prompt %}\nA\n{%- endif %}"),
            "A");
  EXPECT_EQ(templateEnding("{% if add_generation_prompt %}\nA\n  {% endif %}"),
            "A\n");
}

// Whatever is not plainly a fixed text is unknown.
TEST(TemplateEnding, is_unknown_for_everything_else) {
  for (const char *text :
       {"", "{{ messages }}", "{% if add_generation_prompt %}A",
        "{% if add_generation_prompt %}{{ 'A' + b }}{% endif %}",
        "{% if add_generation_prompt %}{% if c %}A{% endif %}{% endif %}",
        "{% if add_generation_prompt %}A{% else %}B{% endif %}",
        "{% if add_generation_prompt %}A{% endif %}B",
        "{% if add_generation_prompt %}A{% endif %}{{ eos }}",
        "{% if thinking %}{% endif %}{% if add_generation_prompt %}A{% endif "
        "%}",
        "{% if add_generation_prompt %}{{ 'A }}{% endif %}",
        "{% if add_generation_prompt %}A{% endif %}{{ 'open"})
    EXPECT_EQ(templateEnding(text), std::nullopt) << text;
}

// The word `thinking` matters as a variable, not inside a text.
TEST(TemplateEnding, ignores_thinking_in_literals) {
  EXPECT_EQ(templateEnding("{{ 'thinking' }}{% if add_generation_prompt %}A"
                           "{% endif %}"),
            "A");
}

} // namespace
} // namespace ds

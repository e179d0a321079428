package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// advice says what to write where the parser says no more than what is wrong. The key is how the parser's summary
// begins; what follows it there is the argument.
var advice = []struct {
	summary string
	of      func(of string) string
}{
	{"Missing name for ", func(block string) string { return fmt.Sprintf("Write %s \"NAME\" { … }.", block) }},
	{"Extraneous label for ", func(block string) string {
		if b := anywhere(Schema, block); b != nil && b.Label != "" {
			return fmt.Sprintf("Write %s \"NAME\" { … }, with one name.", block)
		}
		return fmt.Sprintf("Write %s { … }, without a name.", block)
	}},
	{"Invalid expression", func(string) string {
		return `Write a value: text in quotes, a number, true, a list in [ ], a map in { }, or a reference.`
	}},
	{"Invalid type specification", func(string) string { return "Want " + variableSchema.attribute("type").Doc + "." }},
}

// advised adds to what the parser says of a file what is to be written instead.
func advised(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		for _, a := range advice {
			if of, is := strings.CutPrefix(d.Summary, a.summary); is {
				d.Detail = strings.TrimSpace(d.Detail + " " + a.of(of))
			}
		}
		if d.Summary == "Missing required argument" {
			if parts := strings.Split(d.Detail, `"`); len(parts) > 1 {
				d.Detail = fmt.Sprintf("The argument %q is required: write %s = …", parts[1], parts[1])
			}
		}
		if d.Summary == "Unsupported block type" && strings.HasSuffix(d.Detail, "are not expected here.") {
			d.Detail += belongs(strings.Split(d.Detail, `"`)[1])
		}
	}
	return diags
}

// belongs says in which blocks there may be one of that name.
func belongs(name string) string {
	var in []string
	walkSchema(Schema, func(b *Block) {
		if b.block(name) != nil && b != Schema && !slices.Contains(in, b.Name) {
			in = append(in, b.Name)
		}
	})
	switch {
	case in != nil:
		return fmt.Sprintf(" It belongs into %s.", strings.Join(in, " or "))
	case Schema.block(name) != nil:
		return " It belongs at the top level."
	}
	return ""
}

// walkSchema calls visit with b and all blocks in it.
func walkSchema(b *Block, visit func(*Block)) {
	visit(b)
	for _, inner := range b.Blocks {
		walkSchema(inner, visit)
	}
}

// anywhere returns a block of that name, or nil.
func anywhere(b *Block, name string) (found *Block) {
	walkSchema(b, func(b *Block) {
		if b.Name == name && found == nil {
			found = b
		}
	})
	return found
}

// wanted says what a value of that type looks like.
func wanted(ty cty.Type) string {
	switch {
	case ty == cty.String:
		return `text, as in "…"`
	case ty == cty.Bool:
		return "true or false"
	case ty == cty.Number:
		return "a number"
	case ty.IsListType():
		return `a list of texts, as in ["…", "…"]`
	case ty.IsMapType():
		return `a map of texts, as in { name = "…" }`
	}
	return ty.FriendlyName()
}

// listed is how many names a message repeats; of more it says where they are.
const listed = 40

// lists are the attributes whose values have a list of their own.
var lists = []string{"checks", "faults", "variations"}

// choice says which of names was probably meant, or which there are.
func choice(attribute, got string, names []string) string {
	if Nearest(got, names) == "" && len(names) > listed && slices.Contains(lists, attribute) {
		return fmt.Sprintf("'oidcflow list %s' names them.", attribute)
	}
	return offer(got, names)
}

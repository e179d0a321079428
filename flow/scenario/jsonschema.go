package scenario

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"
)

// JSONSchema returns a description of *.oidctest.json for editors, made of [Schema]. It follows JSON Schema 2020-12. In
// place of any value there may be a text with an expression in it, as in "${var.name}".
func JSONSchema() ([]byte, error) {
	top := Schema.jsonSchema()
	top["$schema"], top["title"] = "https://json-schema.org/draft/2020-12/schema", "oidcflow scenario file"
	text, err := json.MarshalIndent(top, "", "  ")
	return append(text, '\n'), err
}

// template is a text with an expression in it.
var template = map[string]any{"type": "string", "pattern": `\$\{`}

// jsonSchema describes the body of a block.
func (b *Block) jsonSchema() map[string]any {
	s := map[string]any{"type": "object", "description": b.Doc}
	if b.Free || b.Elsewhere {
		return s
	}
	properties := map[string]any{"//": map[string]any{"description": "a comment"}}
	required := []string{}
	for i := range b.Attributes {
		a := &b.Attributes[i]
		properties[a.Name] = a.jsonSchema()
		if a.Required {
			required = append(required, a.Name)
		}
	}
	for _, inner := range b.Blocks {
		properties[inner.Name] = inner.jsonBlocks()
	}
	s["properties"], s["additionalProperties"] = properties, false
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// jsonBlocks describes all blocks of a kind: by their labels, or one or a list of them.
func (b *Block) jsonBlocks() map[string]any {
	body := b.jsonSchema()
	switch {
	case b.Label != "":
		return map[string]any{"type": "object", "description": b.Doc, "additionalProperties": body}
	case b.Once:
		return body
	}
	return map[string]any{"description": b.Doc, "anyOf": []any{body, map[string]any{"type": "array", "items": body}}}
}

func (a *Attribute) jsonSchema() map[string]any {
	element := map[string]any{"type": "string"}
	if a.Values != nil {
		element = map[string]any{"anyOf": []any{map[string]any{"enum": a.Values()}, template}}
	}
	s := map[string]any{}
	switch ty := a.Type; {
	case ty == cty.String:
		s = element
	case ty == cty.Bool:
		s["anyOf"] = []any{map[string]any{"type": "boolean"}, template}
	case ty.IsListType():
		s["anyOf"] = []any{map[string]any{"type": "array", "items": element}, template}
	case ty.IsMapType():
		s["anyOf"] = []any{map[string]any{"type": "object", "additionalProperties": map[string]any{"type": []string{"string", "null"}}}, template}
	}
	described := map[string]any{"description": a.Doc}
	for name, value := range s {
		described[name] = value
	}
	return described
}

package scenario

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Function is a function of the language that neither looks a secret up nor depends on anything but its arguments.
type Function struct {
	Name, Doc string

	of function.Function
}

// Library is the table of these functions. env(), file() and command() are not among them: a file says what they may do.
var Library = []Function{
	{"abs", "a number without its sign", stdlib.AbsoluteFunc},
	{"alltrue", "whether all elements of a list are true", every(true)},
	{"anytrue", "whether an element of a list is true", every(false)},
	{"can", "whether an expression has a value", tryfunc.CanFunc},
	{"ceil", "a number, rounded up", stdlib.CeilFunc},
	{"chomp", "a text without newlines at its end", stdlib.ChompFunc},
	{"coalesce", "the first argument that is not null", stdlib.CoalesceFunc},
	{"compact", "a list of texts without those that are empty", stdlib.CompactFunc},
	{"concat", "lists, one after the other", stdlib.ConcatFunc},
	{"contains", "whether a list has an element", stdlib.ContainsFunc},
	{"csvdecode", "the rows of CSV, by the names in its first line", stdlib.CSVDecodeFunc},
	{"distinct", "a list without what is there twice", stdlib.DistinctFunc},
	{"element", "the element of a list at an index", stdlib.ElementFunc},
	{"endswith", "whether a text ends with another", textTest(strings.HasSuffix)},
	{"flatten", "a list of the elements of lists in a list", stdlib.FlattenFunc},
	{"floor", "a number, rounded down", stdlib.FloorFunc},
	{"format", "a text with values in it, as in format(\"%s-%d\", name, 1)", stdlib.FormatFunc},
	{"formatdate", "a time in another form", stdlib.FormatDateFunc},
	{"join", "the texts of a list, with another between them", stdlib.JoinFunc},
	{"jsondecode", "the value of JSON", stdlib.JSONDecodeFunc},
	{"jsonencode", "a value as JSON", stdlib.JSONEncodeFunc},
	{"jwtdecode", "header and claims of a JWT, unverified", jwtDecode},
	{"keys", "the names in a map", stdlib.KeysFunc},
	{"length", "how many elements or, of a text, characters there are", lengthOf},
	{"lookup", "the value of a name in a map, or another where it has none", stdlib.LookupFunc},
	{"lower", "a text in lower case", stdlib.LowerFunc},
	{"max", "the greatest number", stdlib.MaxFunc},
	{"merge", "maps as one", stdlib.MergeFunc},
	{"min", "the smallest number", stdlib.MinFunc},
	{"parseint", "the number in a text, to a base", stdlib.ParseIntFunc},
	{"range", "a list of numbers", stdlib.RangeFunc},
	{"regex", "the part of a text that a pattern matches", stdlib.RegexFunc},
	{"regexall", "all parts of a text that a pattern matches", stdlib.RegexAllFunc},
	{"replace", "a text with a part replaced", stdlib.ReplaceFunc},
	{"reverse", "a list from its end", stdlib.ReverseListFunc},
	{"setintersection", "what is in all sets", stdlib.SetIntersectionFunc},
	{"setproduct", "all combinations of the elements of sets or lists", stdlib.SetProductFunc},
	{"setsubtract", "what is in the first set and not in the second", stdlib.SetSubtractFunc},
	{"setunion", "what is in any of the sets", stdlib.SetUnionFunc},
	{"slice", "a part of a list", stdlib.SliceFunc},
	{"sort", "a list of texts in order", stdlib.SortFunc},
	{"split", "the parts of a text between others", stdlib.SplitFunc},
	{"startswith", "whether a text begins with another", textTest(strings.HasPrefix)},
	{"strlen", "how many characters a text has", stdlib.StrlenFunc},
	{"substr", "a part of a text", stdlib.SubstrFunc},
	{"timeadd", "a time and a duration later", stdlib.TimeAddFunc},
	{"title", "a text with upper case at the beginning of words", stdlib.TitleFunc},
	{"tobool", "a value as true or false", stdlib.MakeToFunc(cty.Bool)},
	{"tolist", "a value as a list", stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType))},
	{"tomap", "a value as a map", stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType))},
	{"tonumber", "a value as a number", stdlib.MakeToFunc(cty.Number)},
	{"toset", "a value as a set", stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType))},
	{"tostring", "a value as text", stdlib.MakeToFunc(cty.String)},
	{"trim", "a text without characters at its ends", stdlib.TrimFunc},
	{"trimprefix", "a text without its beginning", stdlib.TrimPrefixFunc},
	{"trimspace", "a text without blanks at its ends", stdlib.TrimSpaceFunc},
	{"trimsuffix", "a text without its end", stdlib.TrimSuffixFunc},
	{"try", "the first of its arguments that has a value", tryfunc.TryFunc},
	{"upper", "a text in upper case", stdlib.UpperFunc},
	{"values", "the values in a map", stdlib.ValuesFunc},
	{"zipmap", "a map of names and values", stdlib.ZipmapFunc},
}

// library returns the table as hcl takes it.
func library() map[string]function.Function {
	all := make(map[string]function.Function, len(Library)+3)
	for _, f := range Library {
		all[f.Name] = f.of
	}
	return all
}

func textTest(holds func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(holds(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// every returns a function that is true of a list of true values alone, or of a list with one of them.
func every(all bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, v := range args[0].AsValueSlice() {
				switch {
				case !v.IsKnown():
					return cty.UnknownVal(cty.Bool), nil
				case (!v.IsNull() && v.True()) != all:
					return cty.BoolVal(!all), nil
				}
			}
			return cty.BoolVal(all), nil
		},
	})
}

// lengthOf is stdlib's length, which knows no texts.
var lengthOf = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		switch v := args[0]; {
		case v.Type() == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number), nil
		case v.Type() == cty.String:
			return stdlib.Strlen(v)
		case v.Type().IsObjectType():
			return cty.NumberIntVal(int64(len(v.Type().AttributeTypes()))), nil
		default:
			return stdlib.Length(v)
		}
	},
})

// jwtDecode takes the marks off: without the signature a token is worth nothing, and its claims are what asserts show.
var jwtDecode = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "token", Type: cty.String, AllowMarked: true, AllowUnknown: true}},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		token, _ := args[0].Unmark()
		if !token.IsKnown() {
			return cty.DynamicVal, nil
		}
		header, claims, err := decodeJWT(token.AsString())
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		return cty.ObjectVal(map[string]cty.Value{"header": header, "claims": claims}), nil
	},
})

// decodeJWT returns header and claims of a JWT (RFC 7519 §3). Its errors hold nothing of the token.
func decodeJWT(token string) (header, claims cty.Value, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return cty.NilVal, cty.NilVal, errors.New("want a JWT, three parts with dots between them")
	}
	if header, err = decodePart(parts[0]); err == nil {
		claims, err = decodePart(parts[1])
	}
	return header, claims, err
}

func decodePart(part string) (cty.Value, error) {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return cty.NilVal, errors.New("want a JWT, and a part is not base64url")
	}
	v, err := jsonValue(text)
	if err != nil || !v.Type().IsObjectType() {
		return cty.NilVal, errors.New("want a JWT, and a part is no JSON object")
	}
	return v, nil
}

// jsonValue returns what JSON says.
func jsonValue(text []byte) (cty.Value, error) {
	ty, err := ctyjson.ImpliedType(text)
	if err != nil {
		return cty.NilVal, err
	}
	return ctyjson.Unmarshal(text, ty)
}

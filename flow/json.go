package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// object is a JSON object as it was sent. Numbers are json.Number, so that none loses digits. Unlike a struct of
// encoding/json, it tells "iss" from "ISS".
type object map[string]any

// decodeObject reads one JSON object and nothing else. A name that occurs twice in an object is refused, at any depth:
// two readers could see two different messages (RFC 7519 §4, RFC 8259 §4).
func decodeObject(data []byte) (object, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	var o object
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		return nil, jsonError(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	if o == nil {
		return nil, errors.New("want an object, got null")
	}
	return o, uniqueNames(data)
}

// jsonError returns err in words for people who did not write the decoder.
func jsonError(err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the JSON ends too early")
	case errors.As(err, &kind):
		return fmt.Errorf("want an object, got a JSON %s", kind.Value)
	}
	return err
}

// uniqueNames returns an error if any object in data, which is valid JSON, has a name twice.
func uniqueNames(data []byte) error {
	type level struct {
		names map[string]bool // nil: an array
		value bool            // a name was read, its value comes next
	}
	var levels []level
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return jsonError(err)
		}
		if t == json.Delim('}') || t == json.Delim(']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels) - 1; n >= 0 && levels[n].names != nil {
			if name, is := t.(string); is && !levels[n].value {
				if levels[n].names[name] {
					return fmt.Errorf("the name %q occurs twice in one object", clip(name))
				}
				levels[n].names[name], levels[n].value = true, true
				continue
			}
			levels[n].value = false
		}
		switch t {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}

// typeOf names the JSON type of v.
func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	}
	return "an object"
}

// text returns the string name, "" where it is absent or null.
func (o object) text(name string) (string, error) {
	switch v := o[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		return "", fmt.Errorf("%s: want a string, got %s", name, typeOf(v))
	}
}

// flag returns the boolean name, false where it is absent or null.
func (o object) flag(name string) (bool, error) {
	switch v := o[name].(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	default:
		return false, fmt.Errorf("%s: want a boolean, got %s", name, typeOf(v))
	}
}

// list returns the array of strings name, nil where it is absent or null.
func (o object) list(name string) ([]string, error) {
	switch v := o[name].(type) {
	case nil:
		return nil, nil
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			s, is := e.(string)
			if !is {
				return nil, fmt.Errorf("%s: want strings, got %s", name, typeOf(e))
			}
			list = append(list, s)
		}
		return list, nil
	default:
		return nil, fmt.Errorf("%s: want an array, got %s", name, typeOf(v))
	}
}

// audience returns the values of aud, which is a string or an array of strings (RFC 7519 §4.1.3).
func (o object) audience() ([]string, error) {
	if s, is := o["aud"].(string); is {
		return []string{s}, nil
	}
	return o.list("aud")
}

// seconds returns the NumericDate name, which may have a fraction (RFC 7519 §2). has is false where it is absent.
func (o object) seconds(name string) (t float64, has bool, err error) {
	switch v := o[name].(type) {
	case nil:
		return 0, false, nil
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil || math.Abs(f) > 1<<40 { // some 35,000 years
			return 0, true, fmt.Errorf("%s: %s is no date", name, clip(v.String()))
		}
		return f, true, nil
	case float64: // claims that were kept in a cache, by encoding/json
		return v, true, nil
	default:
		return 0, true, fmt.Errorf("%s: want a number, got %s", name, typeOf(v))
	}
}

// maxText is how much of a provider's text goes into a message.
const maxText = 300

// clip returns s on one line, without control characters, and not longer than maxText.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
		for !utf8.ValidString(s) && len(s) > maxText-utf8.UTFMax {
			s = s[:len(s)-1]
		}
		s += "…"
	}
	s = strings.ToValidUTF8(s, "�")
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>([^<]{0,300})`)

// htmlTitle reports whether body is an HTML page rather than JSON, and what its title is.
func htmlTitle(contentType string, body []byte) (title string, is bool) {
	start := bytes.TrimSpace(body)
	if contentType != "text/html" && contentType != "application/xhtml+xml" && !bytes.HasPrefix(start, []byte("<")) {
		return "", false
	}
	if m := titleElement.FindSubmatch(body); m != nil {
		title = strings.Join(strings.Fields(clip(string(m[1]))), " ")
	}
	return title, true
}

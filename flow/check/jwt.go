package check

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// JWT is a token, decoded and proved by nobody.
type JWT struct {
	Raw    string
	Header *Object
	Claims *Object
}

// readJWT decodes a compact JWS (RFC 7515 §3.1).
func readJWT(raw string) (*JWT, error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("want a signed JWT of 3 parts, got %d", len(parts))
	}
	t := &JWT{Raw: raw}
	for i, into := range []**Object{&t.Header, &t.Claims, nil} {
		data, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil || strings.ContainsAny(parts[i], "\r\n") { // which the decoder passes over
			return nil, fmt.Errorf("part %d is not base64url", i+1)
		}
		if into == nil {
			break // the signature
		}
		if *into, err = readObject(data); err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
	}
	return t, nil
}

// text returns a member that must be a string; there is false where it is absent.
func (o *Object) text(name string) (s string, there bool, err error) {
	v, there := o.Members[name]
	if !there {
		return "", false, nil
	}
	s, ok := v.(string)
	if !ok {
		return "", true, fmt.Errorf("%s: want a string, got %s", name, kind(v))
	}
	return s, true, nil
}

// instant returns a member that must be a NumericDate (RFC 7519 §2).
func (o *Object) instant(name string) (at time.Time, there bool, err error) {
	v, there := o.Members[name]
	if !there {
		return at, false, nil
	}
	n, ok := v.(json.Number)
	if !ok {
		return at, true, fmt.Errorf("%s: want a number of seconds, got %s", name, kind(v))
	}
	seconds, err := n.Float64()
	if err != nil || seconds < 0 || seconds > 253402300799 { // the year 9999
		return at, true, fmt.Errorf("%s: want a time before the year 10000, got %.40s", name, n)
	}
	return time.Unix(int64(seconds), 0), true, nil
}

// audience returns aud, which is a string or an array of strings (RFC 7519 §4.1.3).
func (o *Object) audience() (list []string, there bool, err error) {
	switch v := o.Members["aud"].(type) {
	case nil:
		_, there := o.Members["aud"]
		if there {
			return nil, true, errors.New("aud: want a string or an array of strings, got null")
		}
		return nil, false, nil
	case string:
		return []string{v}, true, nil
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, true, fmt.Errorf("aud: want strings, got %s among them", kind(e))
			}
			list = append(list, s)
		}
		return list, true, nil
	default:
		return nil, true, fmt.Errorf("aud: want a string or an array of strings, got %s", kind(v))
	}
}

// words returns a member that is a list of words: an array of strings, or a string of them with blanks between.
func (o *Object) words(name string) []string {
	switch v := o.Members[name].(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// kind is the type of a JSON value in words.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("%T", v)
}

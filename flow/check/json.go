package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds JSON in JSON, whatever a provider sends.
const maxDepth = 32

// Object is a JSON object as it was sent. Numbers are json.Number.
type Object struct {
	Members map[string]any
	Twice   []string // paths of members that are there more than once: which of them counts is anybody's guess
}

// readObject reads data, which must be one JSON object and nothing behind it.
func readObject(data []byte) (*Object, error) {
	if !utf8.Valid(data) { // which the decoder mends
		return nil, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	o := &Object{}
	v, err := o.value(d, "", 0)
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more behind the JSON object")
	}
	members, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("JSON, but no object")
	}
	o.Members = members
	return o, nil
}

// value reads one value. encoding/json takes the last of two members of one name, and tells nobody.
func (o *Object) value(d *json.Decoder, path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("deeper than %d", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		m := map[string]any{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string) // the decoder lets nothing else be
			at := strings.TrimPrefix(path+"."+name, ".")
			if _, there := m[name]; there {
				o.Twice = append(o.Twice, at)
			}
			if m[name], err = o.value(d, at, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return m, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := o.value(d, path, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

// Document is an answer that ought to be a JSON object.
type Document struct {
	*Message         // nil: the exchange did not come so far
	Object   *Object // nil: it is none
	Err      error   // why it is none
}

func readDocument(m *Message) Document {
	if m == nil {
		return Document{}
	}
	d := Document{Message: m}
	if m.Err != nil {
		d.Err = m.Err
		return d
	}
	d.Object, d.Err = readObject(m.Body)
	return d
}

// mediaType returns the type of the answer without parameters, in lower case; "" where there is none.
func (d *Document) mediaType() string {
	t, _, err := mime.ParseMediaType(d.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

package mockidp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Bounds of a recording, which is somebody else's file.
const (
	maxRecording = 64 << 20
	maxRecorded  = 10000 // requests
	maxOrigins   = 16    // each gets a listener
)

// recorded is one request of a recording and what it was answered.
type recorded struct {
	method, origin, path string
	query, form          url.Values
	members              []string // of a JSON body, sorted; nil: it was none
	status               int      // 0: there was no answer
	header               http.Header
	body                 string
}

// archived are the members of HTTP Archive 1.2 that are read.
type archived struct {
	Log struct {
		Entries []struct {
			Request struct {
				Method   string `json:"method"`
				URL      string `json:"url"`
				PostData struct {
					MimeType string `json:"mimeType"`
					Text     string `json:"text"`
				} `json:"postData"`
			} `json:"request"`
			Response struct {
				Status  int `json:"status"`
				Headers []struct {
					Name  string `json:"name"`
					Value string `json:"value"`
				} `json:"headers"`
				Content struct {
					Text     string `json:"text"`
					Encoding string `json:"encoding"`
				} `json:"content"`
			} `json:"response"`
		} `json:"entries"`
	} `json:"log"`
}

// readRecording reads an archive: its requests in their order, and the origins that they went to.
func readRecording(r io.Reader) (list []*recorded, origins []string, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxRecording+1))
	if err != nil {
		return nil, nil, err
	}
	if len(text) > maxRecording {
		return nil, nil, fmt.Errorf("recording: larger than %d bytes", maxRecording)
	}
	var a archived
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, nil, fmt.Errorf("recording: %w", err)
	}
	if n := len(a.Log.Entries); n == 0 || n > maxRecorded {
		return nil, nil, fmt.Errorf("recording: want 1 to %d requests, got %d", maxRecorded, n)
	}
	for i, e := range a.Log.Entries {
		head, query, _ := strings.Cut(e.Request.URL, "?") // labels make a query that net/url refuses
		u, err := url.Parse(head)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, nil, fmt.Errorf("recording: request %d is not for http or https", i+1)
		}
		query, _, _ = strings.Cut(query, "#")
		q := &recorded{method: e.Request.Method, origin: u.Scheme + "://" + u.Host, path: rooted(u.Path), query: pairs(query),
			status: e.Response.Status, header: http.Header{}, body: e.Response.Content.Text}
		if post := e.Request.PostData; strings.HasPrefix(post.MimeType, "application/x-www-form-urlencoded") {
			q.form = pairs(post.Text)
		} else {
			q.members = members(post.Text)
		}
		for _, h := range e.Response.Headers {
			q.header.Add(h.Name, h.Value)
		}
		if e.Response.Content.Encoding == "base64" {
			b, err := base64.StdEncoding.DecodeString(q.body)
			if err != nil {
				return nil, nil, fmt.Errorf("recording: the answer to request %d: %w", i+1, err)
			}
			q.body = string(b)
		}
		if !slices.Contains(origins, q.origin) {
			origins = append(origins, q.origin)
		}
		list = append(list, q)
	}
	if len(origins) > maxOrigins {
		return nil, nil, errors.New("recording: it went to too many hosts")
	}
	return list, origins, nil
}

// rooted is a path as a server sees it.
func rooted(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// pairs returns parameters as far as they can be read.
func pairs(text string) url.Values {
	v, _ := url.ParseQuery(text) // what is wrong with one does not take the others away
	return v
}

// members returns the names of a JSON object's members, or nil.
func members(text string) []string {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil {
		return nil
	}
	return names(object)
}

func names[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for name := range m {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"html/template"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

//go:embed html/report.gohtml
var htmlText string

//go:embed html/report.css
var htmlStyle string

// HTMLOptions say what [HTML] shows.
type HTMLOptions struct {
	Creator  string // "oidcflow 1.0"
	Personal bool   // unfold the claims about a person, such as name and e-mail address
}

var htmlTemplate = template.Must(template.New("report").Parse(htmlText))

// htmlPage is what the template reads.
type htmlPage struct {
	Policy  string
	Style   template.CSS
	Creator string
	Failed  bool
	Verdict string
	Title   string
	Suites  []htmlSuite
}

type htmlSuite struct {
	*Suite
	ID       int
	Failed   bool
	Began    string
	Took     string
	Bad      []htmlCase
	Groups   []htmlGroup
	Lanes    []string
	Steps    []htmlStep
	Pictures []htmlPicture
	Tokens   []htmlToken
}

type htmlCase struct {
	Case
	Link string // to the clause
	Took string
}

type htmlGroup struct {
	Name  string
	Worst check.Status
	Cases []htmlCase
}

// HTML writes suites as one file that needs nothing else: no script, no request, readable on a phone and on paper. What
// a provider wrote is text in it, and nothing more.
func HTML(w io.Writer, o HTMLOptions, suites ...*Suite) error {
	sum := sha256.Sum256([]byte(htmlStyle))
	page := htmlPage{
		Policy:  "default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Style:   template.CSS(htmlStyle),
		Creator: o.Creator,
		Verdict: "passed",
		Title:   "oidcflow",
	}
	for i, s := range suites {
		one := htmlOf(s, i, o)
		if one.Failed {
			page.Failed, page.Verdict = true, "failed"
		}
		page.Suites = append(page.Suites, one)
	}
	if len(suites) == 1 {
		page.Title = Plain(suites[0].Name)
	}
	var b bytes.Buffer // a page that breaks off would look whole
	if err := htmlTemplate.Execute(&b, page); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func htmlOf(s *Suite, id int, o HTMLOptions) htmlSuite {
	out := htmlSuite{Suite: s, ID: id, Failed: s.Status() >= check.Fail, Took: took(s.Duration)}
	if !s.Began.IsZero() {
		out.Began = s.Began.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	for _, c := range s.Cases {
		shown := htmlCase{Case: c, Link: RefURL(c.Ref), Took: took(c.Duration)}
		if c.Status >= check.Warn {
			out.Bad = append(out.Bad, shown)
		}
		at := slices.IndexFunc(out.Groups, func(g htmlGroup) bool { return g.Name == c.Group })
		if at < 0 {
			at = len(out.Groups)
			out.Groups = append(out.Groups, htmlGroup{Name: c.Group})
		}
		g := &out.Groups[at]
		g.Cases, g.Worst = append(g.Cases, shown), check.Merge(g.Worst, c.Status)
	}
	slices.SortStableFunc(out.Bad, func(a, b htmlCase) int { return int(b.Status) - int(a.Status) })
	if s.Log != nil {
		events := s.Log.Events()
		out.Lanes = lanes[:]
		out.Steps = exchangeRows(events)
		out.Pictures = pictures(events)
	}
	for _, t := range s.Tokens {
		out.Tokens = append(out.Tokens, htmlToken{Name: t.Name, Header: fields(t.Header), Claims: t.claims(false), Personal: t.claims(true), Open: o.Personal})
	}
	return out
}

// took writes a duration for people.
func took(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// htmlPicture is a screenshot.
type htmlPicture struct {
	Name string
	When string
	URL  template.URL
}

// maxPicture is how large a screenshot may be that is put into the page.
const maxPicture = 4 << 20

// pictures returns the screenshots in their order. Only what begins as a PNG does is one.
func pictures(events []trace.Event) (out []htmlPicture) {
	for _, e := range events {
		if e.Kind != trace.File || !bytes.HasPrefix(e.Data, []byte("\x89PNG\r\n\x1a\n")) || len(e.Data) > maxPicture {
			continue
		}
		out = append(out, htmlPicture{Name: Plain(e.Name), When: took(e.Time.Sub(events[0].Time)),
			URL: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(e.Data))})
	}
	return out
}

// specifications are where the documents of clauses are.
var specifications = []struct{ prefix, url string }{
	{"OpenID Connect Core 1.0", "https://openid.net/specs/openid-connect-core-1_0.html"},
	{"OpenID Connect Discovery 1.0", "https://openid.net/specs/openid-connect-discovery-1_0.html"},
	{"OpenID Connect RP-Initiated Logout 1.0", "https://openid.net/specs/openid-connect-rpinitiated-1_0.html"},
	{"OAuth 2.0 Multiple Response Type", "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html"},
	{"OAuth 2.0 Form Post Response Mode", "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html"},
	{"FAPI 2.0 Security Profile", "https://openid.net/specs/fapi-security-profile-2_0-final.html"},
}

var rfc = regexp.MustCompile(`^RFC (\d{1,5})(?: §(\d+(?:\.\d+)*))?`)

// RefURL returns where the clause of a check is to be read, or "" where that is not known.
func RefURL(ref string) string {
	if m := rfc.FindStringSubmatch(ref); m != nil {
		url := "https://www.rfc-editor.org/rfc/rfc" + m[1]
		if m[2] != "" {
			url += "#section-" + m[2]
		}
		return url
	}
	for _, s := range specifications {
		if len(ref) >= len(s.prefix) && ref[:len(s.prefix)] == s.prefix {
			return s.url
		}
	}
	return ""
}

package signin

import "github.com/oidcflow/oidcflow/flow/trace"

// MaxViewText is how many bytes of a page's visible text a driver puts into a [View].
const MaxViewText = 4 << 10

// View is what a person would see of a page, whichever driver looked: form reads it from HTML, chrome from the DOM.
// Hidden things are not in it, and of values only whether there is one.
type View struct {
	URL      string
	Status   int // of the HTTP response that brought the page; 0: not known
	Title    string
	Text     string   // visible text, white space folded, at most MaxViewText
	Messages []string // texts that a page marks as errors or alerts (role=alert, aria-live, aria-invalid's description, class names)
	Headings []string
	Fields   []Field
	Buttons  []Button
	Actions  []string // by form, the absolute URL that it is sent to; "" where scripts send it or nobody knows
	Frames   []string // URLs of frames, where a captcha may be
	Scripts  bool     // the page has scripts

	RequestID string // by which the provider's logs know the request for the page; empty: not known
}

// Field is an input, select or textarea.
type Field struct {
	Ref          int    // the driver's handle
	Form         int    // index of its form, -1 outside of any
	Tag          string // input, select, textarea
	Type         string // lower case; "text" where an input has none
	Name         string
	ID           string
	Autocomplete string
	InputMode    string
	Label        string // label, aria-label, aria-labelledby or title
	Placeholder  string
	MaxLength    int // 0: none
	Filled       bool
	Checked      bool
	Disabled     bool
	ReadOnly     bool
}

// Button is a button, a submit or image input, or a link or other element with the role of one.
type Button struct {
	Ref      int
	Form     int    // index of its form, -1 outside of any
	Tag      string // button, input, a, or another element's
	Type     string // submit, button, link, …
	Name     string
	Value    string
	ID       string
	Text     string // as it is seen: text, value or aria-label
	Action   string // formaction, or a link's target, as an absolute URL; "" where it has none
	Disabled bool
}

// Move is what to do on a page: fill, then press, then wait for the page to change.
type Move struct {
	Page  string // the recogniser's name
	Fill  []Fill
	Press *Button // nil: submit the form of the last field filled
	Wait  bool    // nothing to do: the page is about to change by itself
}

// Fill is a value for a field.
type Fill struct {
	Field Field
	What  string // identifier, password, code or answer: type Value; choice: tick the radio button or box, Value is empty
	Value trace.Secret
}

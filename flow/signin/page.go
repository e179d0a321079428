package signin

// Page is a recogniser as data: how to know a screen, what to fill and what to press.
type Page struct {
	Name string
	Doc  string
}

// Pages are the recognisers that are built in, in the order in which they are tried.
var Pages []Page

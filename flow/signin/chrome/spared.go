package chrome

import (
	"context"

	"github.com/chromedp/cdproto/network"
)

// spared is what no page is given, because it only costs time: patterns of URLs, in the syntax of the web's URLPattern.
// A sign-in must not break for it. So there is nothing here that scripts wait for, that sets a cookie, or that may be all
// that a button consists of; and of pictures only those that Okta's pages are decorated with. Maps of sources need no row:
// only a debugger's window asks for them.
var spared = []string{
	// Fonts: there is always another one.
	"*://*:*/*.woff2", "*://*:*/*.woff", "*://*:*/*.ttf", "*://*:*/*.otf", "*://*:*/*.eot",
	"*://fonts.googleapis.com:*/*", "*://fonts.gstatic.com:*/*", "*://use.typekit.net:*/*",

	// Pictures of Okta's widget, and an organisation's logo and background, be it Okta's own or not.
	"*://*:*/*/okta-signin-widget/*/img/*", "*://*.oktacdn.com:*/*.png", "*://*.oktacdn.com:*/*.svg", "*://*.oktacdn.com:*/*.jpg",
	"*://*:*/fs/bco/*", "*://*:*/fs/bcg/*", "*://*:*/img/logos/*", "*://*:*/favicon.ico",

	// Telemetry. What pages call of it they have to do without in many a browser.
	"*://*.google-analytics.com:*/*", "*://*.googletagmanager.com:*/*", "*://*.doubleclick.net:*/*", "*://connect.facebook.net:*/*",
	"*://*.segment.io:*/*", "*://cdn.segment.com:*/*", "*://*.sentry.io:*/*", "*://*.sentry-cdn.com:*/*",
	"*://*.browser-intake-datadoghq.com:*/*", "*://*.nr-data.net:*/*", "*://js-agent.newrelic.com:*/*", "*://*.hotjar.com:*/*",
	"*://*.clarity.ms:*/*", "*://*.amplitude.com:*/*", "*://*.mixpanel.com:*/*", "*://*.fullstory.com:*/*", "*://*.pendo.io:*/*",
	"*://*.heapanalytics.com:*/*",
}

// spare keeps from the page what it can do without. Where a person looks on, everything is loaded.
func (t *tab) spare(ctx context.Context) {
	if t.s.b.cfg.Show {
		return
	}
	blocked := make([]network.BlockPattern, len(spared))
	for i, p := range spared {
		blocked[i] = network.BlockPattern{URLPattern: p, Block: true}
	}
	// A Chrome that has no patterns of this kind demands the older list, and then loads everything: that is slower, and
	// no error.
	_ = t.target.Call(ctx, network.SetBlockedURLs.Method, map[string]any{"urlPatterns": blocked, "urls": []string{}}, nil)
}

package login

import (
	"fmt"
	"html"
	"net/http"
)

// Page is what the browser shows at the end: plain words, no script, nothing
// from the network.
type Page struct {
	Status int // 200 if it worked
	Title  string
	Lines  []string
}

const (
	pageTop = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>%[1]s</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto; padding: 0 1.25rem; background: #fff; color: #1c1c1c }
h1 { font-size: 1.5rem; line-height: 1.25; border-left: .3rem solid #1a7f37; padding-left: .8rem }
.failed h1 { border-color: #c4320a }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #ececec } }
</style>
<body class="%[2]s"><h1>%[1]s</h1>
`
	// policy lets the page's own style in and nothing else.
	policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func (p Page) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.WriteHeader(p.Status)
	class := "worked"
	if p.Status != http.StatusOK {
		class = "failed"
	}
	_, _ = fmt.Fprintf(w, pageTop, html.EscapeString(p.Title), class)
	for _, line := range p.Lines {
		_, _ = fmt.Fprintf(w, "<p>%s</p>\n", html.EscapeString(line))
	}
}

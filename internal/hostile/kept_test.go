package hostile_test

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"unicode/utf16"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
)

// cell is one odd answer to a refresh that replaced the refresh token.
type cell struct {
	name      string
	raw       string // what the server sends
	successor string // newToken if empty
	want      where
}

// where is the place of a successor at the end.
type where string

const (
	kept   where = "kept"   // in the target
	found  where = "found"  // sealed, and recover found and stored it
	shown  where = "shown"  // sealed, and recover showed the answer
	unseen where = "unseen" // no byte of it reached the program, which says so
)

// whole is for .ci/run: go test ./internal/hostile -args -whole.
var whole = flag.Bool("whole", false, "cut at every byte, and send the largest answers")

// unlessWhole is n in a plain run.
func unlessWhole(n, all int) int {
	if *whole {
		return all
	}
	return n
}

// TestNothingThatArrivedIsLost crosses everything that an answer can be.
func TestNothingThatArrivedIsLost(t *testing.T) {
	t.Parallel()
	count := map[where]int{}
	var mu sync.Mutex
	cells := allCells()
	t.Run("cells", func(t *testing.T) {
		for _, c := range cells {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					got := c.run(t)
					mu.Lock()
					defer mu.Unlock()
					count[got]++
				})
			})
		}
	})
	t.Logf("%d cells: %v", len(cells), count)
}

// user is who runs the commands.
type user struct {
	t      *testing.T
	pipe   *sandbox.Pipe
	target string
}

func (u *user) run(stdin, refresh string, args ...string) (status int, stdout, stderr string) {
	u.t.Helper()
	base := "http://" + u.pipe.Addr().String()
	env := map[string]string{
		"STRAVA_CLIENT_ID": "48213", "STRAVA_CLIENT_SECRET": clientSecret, "STRAVA_REFRESH_TOKEN": refresh,
		"STRAVA_URL": base, "STRAVA_API_URL": base + "/api/v3",
	}
	var out, err bytes.Buffer
	status = cli.Run(u.t.Context(), cli.Process{
		Args: args, Getenv: func(name string) string { return env[name] }, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err, Dial: u.pipe.Dial,
	})
	return status, out.String(), err.String()
}

// holds returns what the target keeps, if there is one.
func (u *user) holds() string {
	text, _ := os.ReadFile(u.target)
	return sandbox.New(sandbox.Knobs{App: sandbox.App{ID: "48213", Secret: clientSecret}}).Opened(string(text))
}

func (c cell) run(t *testing.T) where {
	c.successor = cmp.Or(c.successor, newToken)
	u := &user{t, sandbox.NewPipe(), filepath.Join(t.TempDir(), "token")}
	service := &http.Server{Handler: &strava{first: c.raw, successor: c.successor}}
	defer service.Close()
	go func() { _ = service.Serve(u.pipe) }()
	status, stdout, stderr := u.run("", oldToken, "refresh", "--rotate-to", "file:"+u.target)
	for _, s := range []string{oldToken, newToken, finalToken, accessToken, clientSecret, c.successor} {
		printed := len(s) > 8 && strings.Contains(stderr, s) || s != accessToken && strings.Contains(stdout, s)
		check.That(t, !printed, "%.10s… was printed", s)
	}
	got := u.whereIsIt(c, stderr)
	check.Equal(t, got, c.want, "where the successor is\n%s", stderr)
	unread := got == found || got == shown
	ends := status == 1 && got == unseen || status == 3 && unread || (status == 0 || status == 1) && got == kept
	check.That(t, ends, "%s: exit status %d\n%s", got, status, stderr)
	check.Equal(t, strings.Contains(stderr, "more: run-unread\n"), unread, "%s: it says that the answer was sealed\n%s", got, stderr)
	return got
}

// whereIsIt looks for the successor as its owner would.
func (u *user) whereIsIt(c cell, stderr string) where {
	u.t.Helper()
	if u.holds() == c.successor {
		return kept
	}
	if !strings.Contains(stderr, "BEGIN AGE") {
		if strings.Contains(stderr, "more: strava-no-answer\n") || strings.Contains(stderr, "more: strava-answer-lost\n") {
			return unseen
		}
		return "lost"
	}
	status, _, says := u.run(stderr, "", "recover", "--rotate-to", "file:"+u.target)
	if status == 0 && u.holds() == finalToken {
		return found
	}
	_, stdout, _ := u.run(stderr, "", "recover", "--print")
	if _, body, _ := strings.Cut(c.raw, "\r\n\r\n"); body != "" && strings.Contains(stdout, body) {
		return shown
	}
	u.t.Logf("recover: %d %s", status, says)
	return "lost"
}

// allCells are all of them.
func allCells() []cell {
	quoted := `"` + newToken + `"`
	plain := tokenAnswer(quoted)
	all := []cell{
		{name: "as it should be", raw: answer(200, plain), want: kept},
		{name: "without a length", raw: "HTTP/1.1 200 OK\r\n\r\n" + plain, want: kept},
		{name: "line feeds alone", raw: "HTTP/1.1 200 OK\n\n" + plain, want: kept},
		{name: "twice", raw: answer(200, plain) + answer(200, plain), want: kept},
		{name: "an empty one before", raw: answer(200, "") + answer(200, plain), want: found},
		{name: "an empty one a moment before", raw: answer(200, "") + pause + strings.Replace(answer(200, plain), "{", "{"+pause, 1), want: found},
		{name: "a refusal before", raw: answer(400, `{"errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}`) + answer(200, plain), want: found},
		{name: "a refusal in chunks before", raw: answer(400, "1\r\n{\r\n4c\r\n\"errors\":[{\"resource\":\"RefreshToken\",\"field\":\"refresh_token\",\"code\":\"invalid\"}]}\r\n0\r\n\r\n", "Transfer-Encoding: chunked") + answer(200, plain), want: found},
		{name: "a refusal with a token in it", raw: answer(400, `{"errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}],"refresh_token":`+quoted+`}`), want: found},
		{name: "no HTTP at all", raw: plain, want: found},
		{name: "another protocol", raw: "ICY 200 OK\r\n\r\n" + plain, want: found},
		{name: "a header that never ends", raw: "HTTP/1.1 200 OK\r\nX: " + plain, want: found},
		{name: "a header that is none", raw: "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n" + plain, want: found},
		{name: "switching protocols", raw: answer(101, plain, "Upgrade: x", "Connection: upgrade"), want: found},
		{name: "an early hint", raw: "HTTP/1.1 103 Early Hints\r\n\r\n" + answer(200, plain), want: kept},
		{name: "a gateway before the refusal", raw: answer(502, "<html>Bad Gateway</html>"), want: unseen},
		{name: "a slow gateway before the refusal", raw: answer(504, ""), want: unseen},
		{name: "nothing", raw: "", want: unseen},
		{name: "an empty success", raw: answer(200, ""), want: unseen},
		{name: "blanks", raw: answer(200, " \r\n"), want: unseen},
		{name: "no length and nothing", raw: answer(200, "0\r\n\r\n", "Transfer-Encoding: chunked"), want: unseen},
	}
	for name, c := range encodings(plain) {
		all = append(all, cell{name: "encoded/" + name, raw: answer(200, c.raw, "Content-Encoding: identity"), want: c.want})
	}
	for name, token := range oddTokens {
		c := cell{name: "token/" + name, raw: answer(200, tokenAnswer(token)), want: kept}
		if json.Unmarshal([]byte(token), &c.successor) != nil {
			c.successor = token
		}
		if c.successor == token || secret.Inspect(c.successor) != "" { // what doesn't look like a token is sealed
			c.want = found
		}
		all = append(all, c)
	}
	for _, status := range []int{200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 415, 418, 421, 422, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 522, 524, 530, 597, 599, 600, 799, 999} {
		want := found
		if status < 300 && status != 204 {
			want = kept
		}
		all = append(all, cell{name: fmt.Sprintf("status/%d", status), raw: answer(status, plain), want: want})
	}
	well := answer(200, plain)
	body := strings.Index(well, "\r\n\r\n") + 4
	token := strings.Index(well, newToken) + len(newToken)
	for at := unlessWhole(10, 1); at < len(well); at += unlessWhole(10, 1) {
		want := found
		switch {
		case at <= body:
			want = unseen
		case at < token:
			want = shown
		}
		all = append(all, cell{name: fmt.Sprintf("cut/%03d", at), raw: well[:at], want: want})
	}
	for n, want := range map[int]where{-60: found, -20: found, -1: found, 1: kept, 60: kept, 9999: kept} {
		all = append(all, cell{name: fmt.Sprintf("length/%+d", n), raw: answer(200, plain, fmt.Sprintf("Content-Length: %d", len(plain)+n)), want: want})
	}
	for name, header := range map[string]string{"nothing": "0", "negative": "-5", "a word": "many", "twice": "5\r\nContent-Length: 6"} {
		all = append(all, cell{name: "length/" + name, raw: answer(200, plain, "Content-Length: "+header), want: found})
	}
	return append(all, chunked(plain)...)
}

// chunked are bodies in chunks, whole and broken.
func chunked(plain string) []cell {
	inChunks := func(size int) string {
		var b strings.Builder
		for part := range slices.Chunk([]byte(plain), size) {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
		}
		return b.String()
	}
	const header = "Transfer-Encoding: chunked"
	return []cell{
		{name: "chunks/whole", raw: answer(200, inChunks(7)+"0\r\n\r\n", header), want: kept},
		{name: "chunks/without an end", raw: answer(200, inChunks(50), header), want: kept},
		{name: "chunks/behind a refusal", raw: answer(400, `{"errors":[]}`) + answer(200, inChunks(7)+"0\r\n\r\n", header), want: found},
		{name: "chunks/none", raw: answer(200, plain, header), want: found},
		{name: "chunks/of a wrong size", raw: answer(200, "fff\r\n"+plain, header), want: kept},
		{name: "chunks/cut in a chunk", raw: answer(200, inChunks(11)[:len(inChunks(11))-20], header), want: shown},
		{name: "chunks/with a length as well", raw: answer(200, inChunks(30)+"0\r\n\r\n", header, "Content-Length: 5"), want: kept},
		{name: "chunks/a page around, in pieces", raw: answer(500, "1\r\n<\r\n"+inChunks(13)+"0\r\n\r\n", header), want: found},
	}
}

// encodings are what servers and what is in between make of an answer.
func encodings(plain string) map[string]cell {
	var zipped, deflated bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(plain))
	_ = z.Close()
	d, _ := flate.NewWriter(&deflated, 9)
	_, _ = d.Write([]byte(plain))
	_ = d.Close()
	wide := func(order binary.ByteOrder) string {
		text, _ := binary.Append(nil, order, utf16.Encode([]rune(plain)))
		return string(text)
	}
	inString, _ := json.Marshal(plain)
	twice, _ := json.Marshal(string(inString))
	form := url.Values{"access_token": {accessToken}, "refresh_token": {newToken}, "expires_in": {"21600"}}.Encode()
	noise := make([]byte, 80<<10)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	camel := strings.NewReplacer("refresh_token", "refreshToken", "access_token", "accessToken").Replace(plain)
	return map[string]cell{
		"gzip":                      {raw: zipped.String(), want: kept},
		"gzip that breaks off":      {raw: zipped.String()[:zipped.Len()-9], want: found},
		"deflate":                   {raw: deflated.String(), want: shown},
		"UTF-16":                    {raw: "\xff\xfe" + wide(binary.LittleEndian), want: found},
		"UTF-16, big end":           {raw: "\xfe\xff" + wide(binary.BigEndian), want: found},
		"UTF-16 without a mark":     {raw: wide(binary.LittleEndian), want: found},
		"UTF-8 with a mark":         {raw: "\xef\xbb\xbf" + plain, want: kept},
		"nested":                    {raw: `{"data":` + plain + `}`, want: found},
		"in an array":               {raw: "[" + plain + "]", want: found},
		"a JSON string":             {raw: string(inString), want: found},
		"a JSON string in a string": {raw: string(twice), want: found},
		"a form":                    {raw: form, want: found},
		"an escaped form":           {raw: url.QueryEscape(form), want: found},
		"escaped for HTML":          {raw: html.EscapeString(plain), want: found},
		"in a page":                 {raw: "<html><pre>" + html.EscapeString(plain) + "</pre></html>", want: found},
		"XML":                       {raw: "<r><refresh_token>" + newToken + "</refresh_token></r>", want: found},
		"YAML":                      {raw: "refresh_token: " + newToken + "\n", want: found},
		"single quotes":             {raw: strings.ReplaceAll(plain, `"`, "'"), want: found},
		"camelCase":                 {raw: camel, want: found},
		"another case":              {raw: strings.ReplaceAll(plain, "refresh_token", "Refresh_Token"), want: found},
		"the key twice":             {raw: strings.Replace(plain, "{", `{"refresh_token":"`+oldToken+`",`, 1), want: found},
		"another case behind":       {raw: strings.TrimSuffix(plain, "}") + `,"Refresh_Token":"` + oldToken + `"}`, want: kept},
		"blanks in front":           {raw: strings.Repeat(" ", unlessWhole(1, 32)<<19) + plain, want: kept},
		"much in front":             {raw: strings.Repeat("<!-- x -->", unlessWhole(10, 100)<<10) + plain, want: found},
		"noise around":              {raw: string(noise) + plain + string(noise), want: found},
		"a tail":                    {raw: plain + "<!-- served by a proxy -->", want: kept},
		"without an access token":   {raw: `{"refresh_token":"` + newToken + `"}`, want: kept},
		"odd beside the tokens": {raw: `{"access_token":"` + accessToken + `","refresh_token":"` + newToken +
			`","expires_at":1893456000.0,"expires_in":"21600","scope":["read",7],"athlete":"me"}`, want: kept},
	}
}

// oddTokens are refresh tokens as JSON values.
var oddTokens = map[string]string{
	"2,048 characters":  `"` + strings.Repeat("a", 2048) + `"`,
	"2,049 characters":  `"` + strings.Repeat("a", 2049) + `"`,
	"20,000 characters": `"` + strings.Repeat("ab", 10000) + `"`,
	"8 characters":      `"abcdefgh"`,
	"7 characters":      `"abcdefg"`,
	"1 character":       `"q"`,
	"a blank":           `"successor with blanks in it"`,
	"a line break":      `"successor\nof two lines"`,
	"quotes":            `"\"successor-in-quotes\""`,
	"a quote inside":    `"successor\"with-a-quote"`,
	"not ASCII":         `"nächster-Schlüssel-Ω"`,
	"escaped":           `"abc\/def\/0123456789"`,
	"escaped letters":   `"\u0061bcdefghij0123456789"`,
	"an expression":     `"successor-${x}-0123456789"`,
	"a number":          `12345678901234567890`,
	"an ampersand":      `"a&b=c;d,e+f%20g-0123456789"`,
	"markup":            `"<b>successor</b>-0123456789"`,
	"control":           `"successor\u001b[31m0123456789"`,
}

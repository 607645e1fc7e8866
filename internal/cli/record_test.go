package cli_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
)

// recordTo is where the contract ring wants to read what GitHub was asked and what
// the sandbox answered, one call a line.
var recordTo = flag.String("record", "", "append the calls to GitHub to this file")

// exchange is one call. internal/contract reads it.
type exchange struct {
	Method, Address, RequestType, RequestBody string
	Status                                    int // 0: a fault took the answer's place
	Type, Body                                string
}

// tee keeps a copy of an answer.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(p []byte) (int, error) {
	t.body.Write(p)
	return t.ResponseWriter.Write(p)
}

// recorded records the calls to GitHub. A call whose answer a fault took away is
// recorded as well: what was asked counts.
func recorded(h http.Handler) http.Handler {
	if *recordTo == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if first == "oauth" || first == "api" || first == "login" || first == "sandbox" {
			h.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		kept := &tee{ResponseWriter: w}
		defer func() {
			e := exchange{
				Method: r.Method, Address: r.URL.RequestURI(), RequestType: r.Header.Get("Content-Type"), RequestBody: string(body),
			}
			if w.Header().Get("X-Sandbox-Fault") == "" {
				e.Status, e.Type, e.Body = kept.status, w.Header().Get("Content-Type"), kept.body.String()
			}
			record(e)
		}()
		h.ServeHTTP(kept, r)
	})
}

func record(e exchange) {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	f, err := os.OpenFile(*recordTo, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil { // one write, so lines do not mix
		panic(err)
	}
}

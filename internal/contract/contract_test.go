package contract

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// described returns the checker; CONTRACT_DESCRIPTION names GitHub's file.
func described(t *testing.T) *checker {
	t.Helper()
	c, err := newChecker(os.Getenv("CONTRACT_DESCRIPTION"))
	if err != nil {
		t.Fatalf("CONTRACT_DESCRIPTION (.ci/contract sets it): %v", err)
	}
	return c
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("CONTRACT_CALLS (.ci/contract sets it): %v", err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// TestRecorded holds every call of the scenarios against the description.
// CONTRACT_CALLS names the record.
func TestRecorded(t *testing.T) {
	c, calls, found := described(t), lines(t, os.Getenv("CONTRACT_CALLS")), map[string]string{} // with a call of each
	for _, line := range calls {
		var e exchange
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		for _, what := range c.check(e) {
			found[what] = e.Address
		}
	}
	t.Logf("%d calls", len(calls))
	if len(calls) < 500 {
		t.Errorf("only %d calls were recorded", len(calls))
	}
	for _, line := range lines(t, "exceptions.txt") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if found[line] == "" {
			t.Errorf("nothing needs this exception any more; take it out: %s", line)
		}
		delete(found, line)
	}
	for what, address := range found {
		t.Errorf("%s (%s)", what, address)
	}
}

// TestWhatIsWrongIsFound: the ring can fail.
func TestWhatIsWrongIsFound(t *testing.T) {
	c := described(t)
	good := exchange{
		Method: "PUT", Address: "/repos/o/r/actions/secrets/NAME", RequestType: "application/json",
		RequestBody: `{"encrypted_value":"eA==","key_id":"1"}`, Status: 204,
	}
	for _, tt := range []struct {
		name   string
		change func(*exchange)
		says   string // "" for nothing
	}{
		{"as it is", func(*exchange) {}, ""},
		{"a wrong address", func(e *exchange) { e.Address = "/repos/o/r/secrets/NAME" }, "PUT /repos/…: no such address"},
		{"a wrong method", func(e *exchange) { e.Method = "POST" }, "no such address"},
		{"a body without a key", func(e *exchange) { e.RequestBody = `{"encrypted_value":"eA=="}` }, `/key_id property "key_id" is missing`},
		{"a body that is no base64", func(e *exchange) { e.RequestBody = `{"encrypted_value":"?","key_id":"1"}` }, "/encrypted_value"},
		{"another status", func(e *exchange) { e.Status, e.Body = 422, `{"message":"m"}` }, "422 is not described"},
		{"another status in another shape", func(e *exchange) { e.Status, e.Body = 422, `{"message":{}}` }, "422 is no common error"},
		{"success that is not described", func(e *exchange) { e.Status, e.Body = 200, `{}` }, "200 is no common error"},
		{"an answer without a field", got("/repos/o/r/actions/secrets/public-key", 200, `{"key_id":"1"}`), `property "key" is missing`},
		{"an answer of another type", got("/repos/o/r/git/blobs", 200, `{}`), "no such address"},
		{"a file in a folder", got("/repos/o/r/contents/a/b.txt?ref=x", 404, `{"message":"Not Found"}`), ""},
	} {
		e := good
		tt.change(&e)
		found := c.check(e)
		if tt.says == "" && len(found) > 0 || tt.says != "" && !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, tt.says) }) {
			t.Errorf("%s: got %q, want %q", tt.name, found, tt.says)
		}
	}
}

func got(address string, status int, body string) func(*exchange) {
	return func(e *exchange) {
		*e = exchange{Method: "GET", Address: address, Status: status, Type: "application/json", Body: body}
	}
}

package reality

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	patience  = 15 * time.Second
	maxAnswer = 1 << 20
)

// answer is what a service said to one request. It's read by hand: how the clients
// read an answer is one of the things in doubt.
type answer struct {
	status  int // 0 if none came
	header  http.Header
	body    []byte
	message string // of a refusal
	fault   string // of Strava's refusal: resource/field/code
	note    string // what else there is to say
}

func send(ctx context.Context, client *http.Client, method, address string, header http.Header, body string) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return answer{} // the error may quote the request
	}
	req.Header = header
	reply, err := client.Do(req)
	if err != nil {
		return answer{}
	}
	defer reply.Body.Close()
	a := answer{status: reply.StatusCode, header: reply.Header}
	if a.body, err = io.ReadAll(io.LimitReader(reply.Body, maxAnswer)); err != nil {
		return answer{}
	}
	var refusal struct {
		Message string
		Errors  []struct{ Resource, Field, Code string }
	}
	a.read(&refusal)
	a.message = refusal.Message
	for _, first := range refusal.Errors[:min(len(refusal.Errors), 1)] {
		a.fault = first.Resource + "/" + first.Field + "/" + first.Code
	}
	return a
}

// read decodes the parts of a JSON answer that into knows.
func (a answer) read(into any) { _ = json.Unmarshal(a.body, into) }

func (a answer) succeeded() bool { return a.status >= 200 && a.status <= 299 }

// lacksPermission reports whether GitHub refused a token without the permission.
func (a answer) lacksPermission() bool {
	return a.status == http.StatusForbidden && strings.Contains(a.message, "not accessible by")
}

// page returns the host, if one is named, and the path that a redirect leads to.
func (a answer) page() string {
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		return ""
	}
	return to.Host + to.Path
}

func (a answer) says() string {
	if a.status == 0 {
		return "no answer" + a.note
	}
	parts := []string{strconv.Itoa(a.status), a.message, a.fault, a.page()}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ") + a.note
}

// judge turns an answer into a finding, unless it's about something other than what
// was asked.
func (a answer) judge(confirmed bool) finding {
	other := regexp.MustCompile(`(?i)rate limit|rule violation|bad credentials`).MatchString(a.message)
	if other || a.status == 0 || a.status == http.StatusTooManyRequests || a.status >= 500 {
		return untold(a.says())
	}
	return told(confirmed, a.says())
}

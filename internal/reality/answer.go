package reality

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	patience  = 15 * time.Second
	maxAnswer = 1 << 20
)

// answer is what a service said to one request. It's read by hand: what the clients
// make of an answer is one of the things in doubt.
type answer struct {
	status int // 0 if none came
	header http.Header
	body   []byte
	note   string // what else there is to say
}

func send(ctx context.Context, client *http.Client, req *http.Request) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reply, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return answer{} // the error may quote the request
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswer))
	if err != nil {
		return answer{}
	}
	return answer{status: reply.StatusCode, header: reply.Header, body: body}
}

// is reports whether the answer has one of these statuses.
func (a answer) is(statuses ...int) bool { return slices.Contains(statuses, a.status) }

func (a answer) succeeded() bool { return a.status >= 200 && a.status <= 299 }

// read takes what it knows of a JSON answer.
func (a answer) read(into any) { _ = json.Unmarshal(bytes.TrimSpace(a.body), into) }

// message and fault are what both services refuse with; the latter, Strava's alone, is
// resource/field/code.
func (a answer) message() (message, fault string) {
	var refusal struct {
		Message string
		Errors  []struct{ Resource, Field, Code string }
	}
	a.read(&refusal)
	if len(refusal.Errors) > 0 {
		first := refusal.Errors[0]
		fault = first.Resource + "/" + first.Field + "/" + first.Code
	}
	return refusal.Message, fault
}

// refusal is the status and the fault.
func (a answer) refusal() string {
	_, fault := a.message()
	return fmt.Sprint(a.status, " ", fault)
}

// page is the path that a redirect leads to.
func (a answer) page() string {
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		return ""
	}
	return to.Path
}

func (a answer) says() string {
	if a.status == 0 {
		return "no answer " + a.note
	}
	message, fault := a.message()
	return strings.Join([]string{strconv.Itoa(a.status), message, fault, a.page(), a.note}, " ")
}

// isUnclear reports whether the answer is about something else than what was asked.
func (a answer) isUnclear() bool {
	message, _ := a.message()
	return a.status == 0 || a.status == http.StatusTooManyRequests || a.status >= 500 ||
		slices.ContainsFunc([]string{"rate limit", "rule violation", "bad credentials"}, func(part string) bool {
			return strings.Contains(strings.ToLower(message), part)
		})
}

// lacksPermission reports whether the answer is GitHub's refusal of a token that may not.
func (a answer) lacksPermission() bool {
	message, _ := a.message()
	return a.status == http.StatusForbidden && strings.Contains(message, "not accessible by")
}

// judge makes a finding of an answer.
func (a answer) judge(confirmed bool) finding {
	if a.isUnclear() {
		return untold(a.says())
	}
	return told(confirmed, a.says())
}

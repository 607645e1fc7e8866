package sandbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// answer is the answer of a service.
type answer struct {
	status int
	header map[string]string // never nil
	body   string
	detail string    // what the journal shows of the request
	effect string    // what the journal shows of the change
	sealed string    // a sealed text that was stored; the journal shows its token
	fault  FaultKind // what happens to the answer; "" is nothing
}

func empty(status int) answer { return answer{status: status, header: map[string]string{}} }

func jsonAnswer(status int, body string) answer {
	return answer{status: status, body: body, header: map[string]string{"Content-Type": "application/json; charset=utf-8"}}
}

func stravaFault(status int, message, resource, field, code string) answer {
	return jsonAnswer(status, fmt.Sprintf(
		`{"message":%q,"errors":[{"resource":%q,"field":%q,"code":%q}]}`, message, resource, field, code))
}

func githubRefusal(status int, message string) answer {
	quoted, _ := json.Marshal(message)
	return jsonAnswer(status, fmt.Sprintf(`{"message":%s,"documentation_url":"https://docs.github.com/rest","status":"%d"}`, quoted, status))
}

// Long answers, with every field that the services' descriptions require.
//
//go:embed answers
var answers embed.FS

// values fill the blanks of an answer.
type values map[string]any

// filled returns a long answer. A blank, "{name}", is filled with a JSON value, or
// with text if it is part of an address.
func filled(name string, v values) string {
	text, _ := answers.ReadFile("answers/" + name + ".json")
	var blanks []string
	for blank, value := range v {
		quoted, _ := json.Marshal(value) // only what JSON can encode
		blanks = append(blanks, `"{`+blank+`}"`, string(quoted))
		if text, ok := value.(string); ok {
			blanks = append(blanks, "{"+blank+"}", url.PathEscape(text))
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		panic(err) // a part of this package is broken or missing
	}
	return strings.NewReplacer(blanks...).Replace(compact.String())
}

func (a answer) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

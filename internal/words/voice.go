package words

import (
	"context"
	"slices"
	"strings"
)

// Voice speaks one language in one place: a workflow step or a terminal.
type Voice struct {
	table      *Table
	step       bool
	page       string // the address of the page, if known
	server     string // of GitHub
	repository string
	link       string  // to authorize at Strava; empty if it can't be made here
	workflow   string  // the page where this workflow is run
	edit       string  // the page where its file is changed
	login      Command // gets a new refresh token
}

// anyRepository is the placeholder for an unknown repository.
const anyRepository = "OWNER/REPO"

// Step returns the voice of a workflow step. page is the address of
// docs/troubleshooting.md on GitHub, or "" if it's unknown.
func Step(page string) *Voice {
	return &Voice{table: &English, step: true, page: page, server: "https://github.com", repository: anyRepository}
}

// Terminal returns the voice of a command.
func Terminal() *Voice {
	return &Voice{table: &English, server: "https://github.com", repository: anyRepository}
}

// languages are those that a step speaks. A table is built on demand: that takes time,
// and most runs speak one language.
var languages = map[string]func() *Table{"en": func() *Table { return &English }, "zh": chinese}

// Speaks reports whether there is a page in a language.
func Speaks(language string) bool { return languages[language] != nil }

// Speaking returns the voice in a language, or v's own if there is no page in it.
func (v *Voice) Speaking(language string) *Voice {
	in := *v
	if Speaks(language) {
		in.table = languages[language]()
	}
	return &in
}

// In returns the voice with links and commands for a repository, written as
// owner/name, on a server of GitHub's. An empty argument changes nothing.
func (v *Voice) In(server, repository string) *Voice {
	at := *v
	if server != "" {
		at.server = strings.TrimSuffix(server, "/")
	}
	if repository != "" {
		at.repository = repository
	}
	return &at
}

// Authorizing returns the voice with a link to authorize, and the page of the
// workflow that takes the address from the browser afterwards.
func (v *Voice) Authorizing(link, workflow string) *Voice {
	at := *v
	at.link, at.workflow = link, workflow
	return &at
}

// Editing returns the voice with the page where the workflow is changed.
func (v *Voice) Editing(page string) *Voice {
	at := *v
	at.edit = page
	return &at
}

// LoggingIn returns the voice with the command that gets a new refresh token.
func (v *Voice) LoggingIn(login Command) *Voice {
	at := *v
	at.login = login
	return &at
}

// Asks reports whether a message's next step is to authorize.
func (v *Voice) Asks(err error) bool {
	for _, n := range notesOf(err) {
		if slices.Contains(v.table.blanksOf(v.table.rows[n.ID].next), "authorize") {
			return true
		}
	}
	return false
}

// Explain renders the outermost Speaker, or each joined one. Anything else is
// run-internal, except a bare context.Canceled.
func (v *Voice) Explain(err error) []Message {
	notes := notesOf(err)
	switch {
	case len(notes) > 0:
	case err == context.Canceled:
		notes = []Note{{ID: "run-cancelled"}}
	default:
		notes = []Note{unforeseen(err.Error())}
	}
	messages := make([]Message, len(notes))
	for i, n := range notes {
		messages[i] = v.message(n)
	}
	return messages
}

func notesOf(err error) []Note {
	switch e := err.(type) {
	case Speaker:
		return []Note{e.Note()}
	case interface{ Unwrap() error }:
		return notesOf(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []Note
		for _, inner := range e.Unwrap() {
			all = append(all, notesOf(inner)...)
		}
		return all
	}
	return nil
}

// unforeseen returns the note for an error without words. Errors of the system contain
// no secret: everything that could is a Speaker.
func unforeseen(cause string) Note {
	if cause != "" {
		cause = strings.ToUpper(cause[:1]) + cause[1:] + "."
	}
	return Note{ID: "run-internal", Blanks: Blanks{"cause": cause}}
}

func (v *Voice) message(n Note) Message {
	r, ok := v.table.rows[n.ID]
	if !ok {
		n = unforeseen("there are no words for " + n.ID)
		r = v.table.rows[n.ID]
	}
	m := Message{
		ID: n.ID, What: v.fill(r.what, n.Blanks), Why: v.fill(r.why, n.Blanks), Next: v.fill(r.next, n.Blanks),
		More: v.table.more + n.ID, Label: v.table.next,
	}
	if v.step && v.repository != anyRepository && isEdit(n.ID, r) && !strings.Contains(m.Next, "://") {
		m.Next = v.Join(m.Next, v.Say("log-edit", nil))
	}
	if v.step && v.page != "" {
		m.More = strings.TrimSuffix(v.page, ".md") + v.table.extension + "#" + n.ID
	}
	if v.step {
		m.Page = Visible(n.Page)
	} else if n.Page != "" {
		m.Next += " " + Visible(n.Page)
	}
	return m
}

// isEdit reports whether the next step is to change the workflow.
func isEdit(id string, r row) bool {
	return strings.HasPrefix(id, "input-") && id != "input-code-without-state" || id == "target-code-branch" || strings.Contains(r.next, `<var title="rotate-to">`) || strings.Contains(r.next, `<var title="expected-athlete">`)
}

// Join joins sentences into one text.
func (v *Voice) Join(sentences ...string) string {
	return strings.TrimSpace(strings.Join(sentences, v.table.gap))
}

// Say returns one sentence: that of the log, the summary or the checklist with
// this id, or the first part of a message.
func (v *Voice) Say(id string, b Blanks) string {
	return v.message(Note{ID: id, Blanks: b}).What
}

// IDs returns the ids of all messages and of all sentences, in the page's order.
func IDs() (messages, sentences []string) {
	for _, id := range English.ids {
		if English.rows[id].next != "" {
			messages = append(messages, id)
		} else {
			sentences = append(sentences, id)
		}
	}
	return messages, sentences
}

// Missing returns what keeps a note from being rendered: its blanks without a
// value, those with a value of a type that has no words, or its id if the page
// doesn't have it. An empty value is a value: it leaves out an optional part.
func Missing(n Note) []string {
	r, ok := English.rows[n.ID]
	if !ok {
		return []string{n.ID}
	}
	var missing []string
	v := Step("")
	for _, name := range English.blanksOf(r.what + r.why + r.next) {
		_, own := v.own(name)
		value, given := n.Blanks[name]
		_, known := v.value(value)
		if (!given && !own || !known) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// terminalNames are the inputs that messages name by themselves, as a terminal has
// them. Other inputs are called the same in both.
var terminalNames = map[string]string{
	"client-id": "STRAVA_CLIENT_ID", "client-secret": "STRAVA_CLIENT_SECRET", "refresh-token": "STRAVA_REFRESH_TOKEN",
	"github-token": "GH_TOKEN", "strava-url": "STRAVA_URL", "strava-api-url": "STRAVA_API_URL",
	"rotate-to": "--rotate-to", "expected-athlete": "--expected-athlete", "require-scopes": "--require-scopes",
	"scope": "--scope", "repo": "--repo", "code": "code",
}

// own returns the value of a blank that fills itself: the name of an input, the
// place of its value, and the repository.
func (v *Voice) own(name string) (any, bool) {
	switch name {
	case "repository":
		return v.repository, true
	case "repository-page":
		return Page(v.repository), true
	case "tokens-page":
		return Page("settings/personal-access-tokens"), true
	case "classic-tokens-page":
		return Page("settings/tokens"), true
	case "workflow-page":
		if v.workflow == "" {
			return Page(v.repository + "/actions"), true
		}
		return v.workflow, true
	case "edit-page":
		return v.edit, true
	case "link":
		return v.link, true
	case "authorize":
		if v.link == "" {
			return v.Say("log-authorize-elsewhere", nil), true
		}
		return v.Say("log-authorize", nil), true
	case "login":
		if v.login == nil {
			return Command{"strava-token", "login"}, true
		}
		return v.login, true
	}
	input, isPlace := strings.CutSuffix(name, "-place")
	if _, known := terminalNames[input]; !known {
		return nil, false
	}
	if isPlace {
		return Place(input), true
	}
	return Input(input), true
}

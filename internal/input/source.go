package input

import (
	"cmp"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/secret"
)

// Source is where inputs come from: a *Workflow or a Shell. An input goes by its name in
// action.yml, and anything else by the name of its environment variable.
type Source interface {
	// Text returns an input without the blanks around it.
	Text(name string) string
	// Lines returns the entries of an input that is a list. Some may be blank.
	Lines(name string) []string
}

// Workflow is a step of a workflow.
type Workflow struct {
	*githubactions.Action
	Event map[string]any // what started the workflow; nil if unknown
}

// Text returns an input of the step, or the value that the runner sets.
func (w *Workflow) Text(name string) string {
	switch {
	case name == "repo":
		return w.Getenv("GITHUB_REPOSITORY")
	case strings.HasPrefix(name, "GITHUB_"):
		return w.Getenv(name)
	}
	return w.GetInput(name)
}

// Lines returns the lines of an input.
func (w *Workflow) Lines(name string) []string { return strings.Split(w.Text(name), "\n") }

// withheld returns the id of why GitHub gives this run no secrets, or "".
func (w *Workflow) withheld() (id string) {
	// pull_request_target runs in the base repository, with its secrets.
	event := w.Getenv("GITHUB_EVENT_NAME")
	switch {
	case w.Getenv("GITHUB_ACTOR") == "dependabot[bot]":
		return "input-dependabot"
	case strings.HasPrefix(event, "pull_request") && event != "pull_request_target" && w.isFromFork():
		return "input-fork"
	}
	return ""
}

func (w *Workflow) isFromFork() bool {
	request, isRequest := w.Event["pull_request"].(map[string]any)
	head, _ := request["head"].(map[string]any)
	repository, _ := head["repo"].(map[string]any) // GitHub says null if the fork was deleted meanwhile
	name, _ := repository["full_name"].(string)
	return isRequest && !strings.EqualFold(name, w.Text("repo"))
}

// Shell is a command outside a workflow.
type Shell struct {
	Getenv func(string) string
	// Flags are the given flags, by the name of the input.
	Flags map[string][]string
	// Answers are inputs that a person was asked for, or that were found elsewhere.
	Answers map[string]secret.Value
}

// Variables are the environment variables that a shell's input is read from; the
// first one that is set counts.
var Variables = map[string][]string{
	"client-id":         {"STRAVA_CLIENT_ID"},
	"client-secret":     {"STRAVA_CLIENT_SECRET"},
	"refresh-token":     {"STRAVA_REFRESH_TOKEN"},
	"github-token":      {"GH_TOKEN", "GITHUB_TOKEN"},
	"repo":              {"GITHUB_REPOSITORY"},
	"strava-url":        {"STRAVA_URL"},
	"strava-api-url":    {"STRAVA_API_URL"},
	"GITHUB_API_URL":    {"GITHUB_API_URL"},
	"GITHUB_SERVER_URL": {"GITHUB_SERVER_URL"},
}

// Text returns an answer, a flag or a variable, in this order.
func (s Shell) Text(name string) string {
	text := strings.TrimSpace(cmp.Or(s.Answers[name].Reveal(), cmp.Or(s.Flags[name]...)))
	for _, variable := range Variables[name] {
		text = cmp.Or(text, strings.TrimSpace(s.Getenv(variable)))
	}
	return text
}

// Lines returns the values of a flag.
func (s Shell) Lines(name string) []string { return s.Flags[name] }

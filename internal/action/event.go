package action

import (
	"encoding/json"
	"io"
	"os"
	"strings"
)

const maxEvent = 25 << 20 // GitHub's payloads are at most 25 MB

// secretless names the reason for which GitHub hands no secrets to this run, or
// nothing where it does.
func (e *edge) secretless() Fault {
	if e.getenv("GITHUB_ACTOR") == "dependabot[bot]" {
		return FaultDependabot
	}
	// pull_request_target runs in the base repository, with its secrets.
	event := e.getenv("GITHUB_EVENT_NAME")
	if !strings.HasPrefix(event, "pull_request") || event == "pull_request_target" {
		return ""
	}
	if fromFork(e.getenv("GITHUB_EVENT_PATH"), e.getenv("GITHUB_REPOSITORY")) {
		return FaultFork
	}
	return ""
}

func fromFork(path, repository string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var event struct {
		PullRequest *struct {
			Head struct {
				Repo *struct {
					FullName string `json:"full_name"`
				} `json:"repo"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if json.NewDecoder(io.LimitReader(f, maxEvent)).Decode(&event) != nil || event.PullRequest == nil {
		return false
	}
	head := event.PullRequest.Head.Repo
	// GitHub answers null for a fork that was deleted meanwhile.
	return head == nil || !strings.EqualFold(head.FullName, repository)
}

package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
)

// TestHelpFitsOnAScreen: 80 columns, for every command that help names.
func TestHelpFitsOnAScreen(t *testing.T) {
	help := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		status := runs(t.Context(), cli.Process{Args: args, Stdout: &out, Stderr: &out})
		check.That(t, status == 0 && strings.Contains(out.String(), "Usage:\n"), "%v: status %d\n%s", args, status, out.String())
		return out.String()
	}
	all := map[string]string{"": help()}
	_, commands, _ := strings.Cut(all[""], "\nCommands:\n")
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) `).FindAllStringSubmatch(commands, -1) {
		all[m[1]] = help(m[1], "--help")
	}
	check.Need(t, len(all) >= 12 && all["login"] != "" && all["completion"] != "", "help names too few commands:\n%s", commands)
	for command, text := range all {
		for line := range strings.Lines(text) {
			check.That(t, len(strings.TrimRight(line, "\n")) <= 80, "%s: %s", command, line)
		}
	}
}

func TestRevokeAsks(t *testing.T) {
	t.Parallel()
	for answer, status := range map[string]int{"n": 1, "": 1, "y": 0, "--yes": 0, "Ctrl-C": 130} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
		args := []string{"revoke"}
		switch answer {
		case "--yes":
			args = append(args, answer)
		case "Ctrl-C":
			v.interruptAt("[y/N]")
		default:
			v.types(answer)
		}
		v.command(status, args...)
		check.Contains(v.t, v.stderr.String(), "stops working")
		check.Equal(t, v.server.LiveRefreshToken() == "", status == 0, "answer %q: revoked", answer)
	}
}

// TestRecoverKeepsAthletesApart in a log that holds the refresh tokens of two, as
// a matrix of jobs leaves it.
func TestRecoverKeepsAthletesApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		targets string
		status  int
		stored  string // the secret that must hold its athlete's token
		says    string
	}{
		{"--rotate-to ATHLETE_A", 0, "ATHLETE_A", "the refresh token lives"}, // the older one
		{"--rotate-to ATHLETE_B", 0, "ATHLETE_B", "the refresh token lives"},
		{"--rotate-to STRAVA_REFRESH_TOKEN", 2, "", "more: recover-several-athletes"},
		{"--rotate-to ATHLETE_A --rotate-to ATHLETE_B", 2, "", "more: recover-several-athletes"},
		{"--print", 2, "", "octo/running/ATHLETE_A"},
	} {
		for _, ids := range [][]int64{{sandbox.AthleteID, 42}, {0, 0}} { // a cancelled run knows nobody yet
			t.Run(fmt.Sprint(tt.targets, ids), func(t *testing.T) {
				t.Parallel()
				v, tokens, log := logOfTwo(t, ids)
				v.command(tt.status, append([]string{"recover", log}, strings.Fields(tt.targets)...)...)
				check.Contains(t, v.stderr.String(), tt.says)
				for name, token := range tokens {
					check.Equal(t, v.server.Secret(name) == token, name == tt.stored, "%s holds its athlete's token", name)
				}
			})
		}
	}
}

// logOfTwo is a log with the tokens of two athletes, by the secret of each.
func logOfTwo(t *testing.T, ids []int64) (v *visitor, tokens map[string]string, log string) {
	t.Helper()
	v = newVisitor(t, sandbox.Knobs{})
	v.env["GITHUB_REPOSITORY"] = sandbox.Repository
	v.server.SetSecret("STRAVA_REFRESH_TOKEN", "the one before")
	tokens = map[string]string{"ATHLETE_A": v.server.LiveRefreshToken(), "ATHLETE_B": v.server.Connect(42)}
	for i, name := range []string{"ATHLETE_A", "ATHLETE_B"} {
		v.server.SetSecret(name, "the one before")
		log += "a job\n" + sealedFor(t, v.server, tokens[name], ids[i], sandbox.Repository+"/"+name)
	}
	return v, tokens, writeFile(t, log)
}

// TestASealedTextIsNoRefreshToken: its masks would hide the marks of the run's own.
func TestASealedTextIsNoRefreshToken(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		s.runner.Input("refresh-token", sealedFor(t, s.server, s.server.LiveRefreshToken(), 0))
		s.expect(2, "input-whitespace")
		check.Equal(t, s.server.Count("strava", "POST", "/oauth/token"), 0, "token requests")
	})
}

func sealedFor(t *testing.T, s *sandbox.Server, token string, athlete int64, targets ...string) string {
	t.Helper()
	content := recovery.Content{ClientID: s.App().ID, AthleteID: athlete, Targets: targets, RefreshToken: secret.New(token)}
	return check.Must(recovery.Seal(content, secret.New(s.App().Secret), nil))(t)
}

// TestNoMaskGoesIntoAFile: there it would be the token itself.
func TestNoMaskGoesIntoAFile(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, always)
	v.env["GITHUB_ACTIONS"] = "true"
	v.server.SetSecret("X", "old")
	log := writeFile(t, sealedFor(t, v.server, v.server.LiveRefreshToken(), 0))
	f := check.Must(os.Create(filepath.Join(t.TempDir(), "stderr")))(t)
	defer f.Close()
	v.screen = f
	v.command(0, "recover", log, "--rotate-to", "octo/running/X")
	v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
	v.command(0, "revoke", "--yes", "--rotate-to", "octo/running/X")
	for name, value := range v.server.Values() {
		check.That(t, !strings.Contains(readFile(t, f.Name()), value), "%s is in the file", name)
	}
}

// frozen is a terminal that stands still from a moment on.
type frozen struct {
	from   atomic.Bool
	thawed chan struct{}
}

func (f *frozen) Write(p []byte) (int, error) {
	if f.from.Load() {
		<-f.thawed
	}
	return len(p), nil
}

// TestAFrozenTerminalDoesNotStopTheStore of a run that is cancelled besides.
func TestAFrozenTerminalDoesNotStopTheStore(t *testing.T) {
	t.Parallel()
	for status, args := range map[int][]string{130: {"login", "--port", "0"}, 1: {"refresh"}} {
		v := newVisitor(t, always)
		path := filepath.Join(t.TempDir(), "token")
		if args[0] == "refresh" {
			v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
		}
		ctx, cancel := context.WithCancel(t.Context())
		out := &frozen{thawed: make(chan struct{})}
		v.ctx, v.screen = ctx, out
		v.server.Notify(func(call string) {
			out.from.Store(out.from.Load() || call == "accept")
			if call == "token" && (args[0] == "refresh" || out.from.Load()) {
				out.from.Store(true)
				cancel()
				time.Sleep(100 * time.Millisecond) // so that it's cancelled before the answer
			}
		})
		var ended sync.WaitGroup
		ended.Go(func() { v.command(status, append(args, "--rotate-to", "file:"+path)...) })
		isStored := func() bool {
			content, _ := os.ReadFile(path)
			return v.server.Opened(string(content)) == v.server.LiveRefreshToken()
		}
		for ctx.Err() == nil || !isStored() { // or the test times out
			time.Sleep(20 * time.Millisecond)
		}
		close(out.thawed)
		ended.Wait()
	}
}

// TestARunAndRecoverTakeTheSameClientSecrets, of whatever form.
func TestARunAndRecoverTakeTheSameClientSecrets(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"a client secret that has blanks in it 12345678", "über0123456789012345678901234567890123"} {
		v := newVisitor(t, sandbox.Knobs{App: sandbox.App{ID: "48213", Secret: odd}, Rotation: sandbox.RotateAlways})
		v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
		v.command(0, "refresh")
		delete(v.env, "STRAVA_REFRESH_TOKEN")
		v.command(0, "recover", writeFile(t, v.stderr.String()), "--print")
	}
}

// TestAMaskBeginsALine, or the runner doesn't see it: a question has no line break.
func TestAMaskBeginsALine(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.env["GITHUB_ACTIONS"], v.env["STRAVA_REFRESH_TOKEN"] = "true", v.server.LiveRefreshToken()
	var said lockedBuffer
	runs(t.Context(), cli.Process{Args: []string{"revoke"}, Getenv: from(v.env), Stdin: strings.NewReader("y\n"), Stderr: &said})
	masks := strings.Count(said.String(), "::add-mask::")
	check.That(t, masks > 0 && masks == strings.Count(said.String(), "\n::add-mask::"), "%d masks, and not all begin a line", masks)
}

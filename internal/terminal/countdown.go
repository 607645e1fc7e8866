package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// countdownStep is how often the time that is left is shown: what a person types
// meanwhile is on the same line.
const countdownStep = 10 * time.Second

// Countdown shows that the program waits, and for how long yet, until stop is
// called. If nobody is watching it says so once.
func (t *Terminal) Countdown(what string, limit time.Duration) (stop func()) {
	screen, ok := t.Out.(*os.File)
	if !ok || !term.IsTerminal(int(screen.Fd())) {
		t.Say(fmt.Sprintf("%s, for %d minutes at most.", what, int(limit.Minutes())))
		return func() {}
	}
	ends := time.Now().Add(limit)
	ticker := time.NewTicker(countdownStep)
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			left := time.Until(ends).Round(time.Second)
			t.show(fmt.Sprintf("%s, %d:%02d left (Ctrl-C ends it) ", what, left/time.Minute, left%time.Minute/time.Second))
			select {
			case <-ticker.C:
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
		<-done
		_ = t.print("")
	}
}

// show writes a line over the one before, if that's a countdown.
func (t *Terminal) show(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.Out, erase(t.status)+line)
	t.status = line
}

// erase removes a line from the screen. Blanks do, on every terminal.
func erase(line string) string {
	if line == "" {
		return ""
	}
	return "\r" + strings.Repeat(" ", len(line)) + "\r"
}

package strava_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

// formServer counts the forms that reach a token endpoint, and can make the
// connections there die unnoticed. It must be made in a bubble.
type formServer struct {
	client *strava.Client
	forms  atomic.Int32
	gone   atomic.Bool
}

func newFormServer(t *testing.T) *formServer {
	t.Helper()
	s := &formServer{}
	pipe := sandbox.NewPipe()
	service := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if form, _ := io.ReadAll(r.Body); len(form) > 0 {
			s.forms.Add(1)
		}
		_, _ = io.WriteString(w, tokenAnswer(newToken))
	})}
	go func() { _ = service.Serve(pipe) }()
	network := transport.New(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := pipe.Dial(ctx, network, address)
		return &mortal{Conn: conn, gone: s.gone.Swap}, err
	})
	t.Cleanup(func() { network.Close(); _ = service.Close() })
	base := &url.URL{Scheme: "http", Host: pipe.Addr().String()}
	s.client = &strava.Client{Network: network, URL: base, APIURL: base, ClientID: "1", ClientSecret: secret.New("the client secret")}
	return s
}

// mortal is a connection whose other side went away unnoticed: the next write
// fails, once.
type mortal struct {
	net.Conn
	gone func(bool) bool
}

func (m *mortal) Write(p []byte) (int, error) {
	if m.gone(false) {
		return 0, errors.New("broken pipe")
	}
	return m.Conn.Write(p)
}

func (s *formServer) refresh(t *testing.T) {
	t.Helper()
	check.Must(s.client.Refresh(t.Context(), t.Context(), secret.New(oldToken)))(t)
}

// TestWhatIsGivenUpIsNotSent cancels when a connection was just handed out, and
// nothing written to it yet.
func TestWhatIsGivenUpIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newFormServer(t)
		s.refresh(t)
		ctx, cancel := context.WithCancel(t.Context())
		answering := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) {
				cancel()
				time.Sleep(time.Millisecond) // until everybody knows
			},
		})
		_, err := s.client.Refresh(ctx, answering, secret.New(oldToken))
		synctest.Wait()
		var e *strava.Error
		if !errors.As(err, &e) || e.Kind != strava.Unreachable || !errors.Is(err, context.Canceled) {
			t.Errorf("Refresh: got %v, want one that was given up", err)
		}
		check.Equal(t, s.forms.Load(), 1, "forms that arrived")
	})
}

// TestADeadConnectionIsReplaced: net/http sends a request over another one by
// itself if nothing was written to the first, which is no failure.
func TestADeadConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newFormServer(t)
		s.refresh(t)
		s.gone.Store(true)
		began := time.Now() // on a fake clock: any waiting is a repetition of our own
		s.refresh(t)
		if got := s.forms.Load(); got != 2 || time.Since(began) != 0 {
			t.Errorf("%d forms arrived, the second after %v; want 2, at once", got, time.Since(began))
		}
	})
}

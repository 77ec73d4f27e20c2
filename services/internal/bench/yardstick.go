package bench

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/pulse-social/pulse/services/internal/loopback"
)

// ServeYardstick serves answers of so many ready bytes over HTTP/1.1 until ctx ends: what net/http costs by itself, to
// compare with.
func ServeYardstick(ctx context.Context, address string, size int) error {
	body := make([]byte, size)
	for i := range body {
		body[i] = 'x'
	}
	length := strconv.Itoa(size)
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", length)
			_, _ = w.Write(body)
		}),
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// yardstick measures the same load on a server that does nothing but answer.
func (b *bench) yardstick(ctx context.Context, rate float64, size int) (cpuPerRequest time.Duration, err error) {
	address, err := loopback.Free()
	if err != nil {
		return 0, err
	}
	s := &server{}
	url := "http://" + address
	err = s.start(ctx, b.Program, b.folder+"/yardstick.log", nil, []string{"bench", "--yardstick", address, "--yardstick-bytes", strconv.Itoa(size)}, url)
	if err != nil {
		return 0, err
	}
	l := newLoad(map[string]string{"yardstick": url})
	token := b.load.readers[0].token // Headers of the same size.
	do := func(ctx context.Context, _ int) (int, error) {
		raw, err := l.post(ctx, "yardstick", "/pulse.timeline.v1.TimelineService/GetHomeTimeline", token, []byte("{}"))
		return len(raw), err
	}
	use := func(context.Context) (usage, error) {
		cpu, err := s.processes.cpu()
		return usage{cpu: []time.Duration{cpu}}, err
	}
	m, err := b.measure(ctx, use, nil, rate, do)
	if stopErr := s.stop(); err == nil {
		err = stopErr
	}
	return m.perRequest(m.cost.total()), err
}

package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
)

// maxAnswer bounds an answer that is read whole.
const maxAnswer = 1 << 20

// readJSON calls as anything does that has only HTTP and JSON.
func (w *walk) readJSON(ctx context.Context) error {
	return w.readPlainly(ctx, http.MethodPost, postv1connect.PostServiceGetPostProcedure, fmt.Sprintf(`{"postId":"%d"}`, w.post.GetId()))
}

func (w *walk) readREST(ctx context.Context) error {
	return w.readPlainly(ctx, http.MethodGet, fmt.Sprintf("/v1/posts/%d", w.post.GetId()), "")
}

func (w *walk) readPlainly(ctx context.Context, method, path, body string) error {
	raw, err := w.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	var answer postv1.GetPostResponse
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return w.isPost(answer.GetPost())
}

// readKeys finds what gateways and meshes check tokens with.
func (w *walk) readKeys(ctx context.Context) error {
	const path = "/.well-known/jwks.json"
	raw, err := w.send(ctx, http.MethodGet, path, "")
	if err != nil {
		return err
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) == 0 {
		return fmt.Errorf("%s holds no keys: %.200s", path, raw)
	}
	return nil
}

// send makes a request without the SDK, signed in as the reader.
func (w *walk) send(ctx context.Context, method, path, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(w.Addr, "/")+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Authorization", "Bearer "+w.reader.tokens.GetAccessToken())
	answer, err := (&http.Client{Transport: w.plain}).Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.200s", method, path, answer.Status, raw)
	}
	return raw, err
}

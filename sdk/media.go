package pulse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
)

// A Picture is a file to upload.
type Picture struct {
	// Content is the file.
	Content []byte

	// ContentType is its media type; empty finds it out.
	ContentType string

	// AltText is what the picture says to those who do not see it, at most 1,500 characters.
	AltText string
}

// UploadPicture uploads a picture and answers it as it can be attached, by its id, to a post, a message or the profile. It
// makes the calls CreateUpload and CompleteUpload of [Client.Media] and the PUT between them. It fails with an [*Error] for what the
// server refuses.
func (c *Client) UploadPicture(ctx context.Context, picture Picture) (*mediav1.Media, error) {
	if picture.ContentType == "" {
		picture.ContentType = http.DetectContentType(picture.Content)
	}
	upload, err := c.Media.CreateUpload(ctx, &mediav1.CreateUploadRequest{
		ContentType: picture.ContentType, SizeBytes: int64(len(picture.Content)), AltText: picture.AltText,
	})
	if err != nil {
		return nil, err
	}
	if err := c.files.put(ctx, upload, picture.Content); err != nil {
		return nil, err
	}
	completed, err := c.Media.CompleteUpload(ctx, &mediav1.CompleteUploadRequest{MediaId: upload.GetMediaId()})
	return completed.GetMedia(), err
}

// OpenMedia fetches a file of a picture, from the url of a [mediav1.MediaVariant] or the avatar_url of a person, as the caller sees
// it. The caller closes it. What one may not see is not found, with [connect.CodeNotFound].
func (c *Client) OpenMedia(ctx context.Context, address string) (io.ReadCloser, error) {
	tokens, err := c.session.fresh(ctx)
	if err != nil {
		return nil, err
	}
	file, err := c.files.get(ctx, address, tokens)
	if failure, ok := errors.AsType[*Error](err); ok && failure.Code == connect.CodeUnauthenticated && tokens.GetRefreshToken() != "" {
		if tokens, err = c.session.refresh(ctx, tokens); err != nil {
			return nil, err
		}
		file, err = c.files.get(ctx, address, tokens)
	}
	return file, err
}

// files sends and fetches files, which travel beside calls.
type files struct {
	server    string // without a slash at the end; empty with a transport of the caller's own
	http      connecthttp.HTTPClient
	userAgent string
}

// get fetches a file, as the owner of the tokens unless they are nil.
func (f files) get(ctx context.Context, address string, tokens *identityv1.Tokens) (io.ReadCloser, error) {
	request, err := f.request(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if tokens != nil && f.ours(request.URL) {
		request.Header.Set(authorizationHeader, "Bearer "+tokens.GetAccessToken())
	}
	response, err := f.do(request)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// put sends the file of an upload, once more if the connection broke: it takes the place of what came before.
func (f files) put(ctx context.Context, upload *mediav1.CreateUploadResponse, content []byte) error {
	send := func() error {
		request, err := f.request(ctx, http.MethodPut, upload.GetUploadUrl(), content)
		if err != nil {
			return err
		}
		for name, value := range upload.GetHeaders() {
			request.Header.Set(name, value)
		}
		response, err := f.do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	err := send()
	if failure, ok := errors.AsType[*Error](err); ok && failure.Code == connect.CodeUnavailable && ctx.Err() == nil {
		err = send()
	}
	return err
}

// request makes a request for an address, which may be a path of the server.
func (f files) request(ctx context.Context, method, address string, content []byte) (*http.Request, error) {
	if strings.HasPrefix(address, "/") {
		if f.server == "" {
			return nil, errors.New("pulse: files travel over HTTP: make the client with the server's URL, and without WithTransport")
		}
		address = f.server + address
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("pulse: address of a file: %w", err)
	}
	if f.userAgent != "" {
		request.Header.Set(userAgentHeader, f.userAgent)
	}
	return request, nil
}

// ours tells whether an address is one of the server's: others get no token.
func (f files) ours(address *url.URL) bool {
	return f.server != "" && strings.HasPrefix(address.String(), f.server+"/")
}

// do sends a request and answers what was answered, or an [*Error].
func (f files) do(request *http.Request) (*http.Response, error) {
	client := f.http
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fileError(connect.CodeUnavailable, err.Error(), err)
	}
	if response.StatusCode < http.StatusMultipleChoices {
		return response, nil
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10)) // What could be read of it says more than why the rest could not.
	return nil, fileError(codeOfStatus(response.StatusCode), strings.TrimSpace(string(said)), nil)
}

func fileError(code connect.Code, message string, cause error) *Error {
	failure := connect.NewError(code, message)
	if cause != nil {
		failure = failure.WithCause(cause)
	}
	return &Error{Code: code, Message: message, cause: failure}
}

// codeOfStatus answers the code that stands for an HTTP status, as the Connect protocol has it.
func codeOfStatus(status int) connect.Code {
	switch status {
	case http.StatusNotFound:
		return connect.CodeNotFound
	case http.StatusUnauthorized:
		return connect.CodeUnauthenticated
	case http.StatusForbidden:
		return connect.CodePermissionDenied
	case http.StatusRequestEntityTooLarge, http.StatusBadRequest:
		return connect.CodeInvalidArgument
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return connect.CodeUnavailable
	default:
		return connect.CodeUnknown
	}
}

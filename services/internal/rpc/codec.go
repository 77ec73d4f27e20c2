package rpc

import (
	"fmt"
	"io"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectgzip"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
)

// MaxRequestBytes bounds a request, also after decompression.
const MaxRequestBytes = 1 << 20

// smallestCompressed is the smallest answer that is worth compressing: below, a packet is saved by nobody.
const smallestCompressed = 1400

// httpOptions are how the API speaks.
func httpOptions() []connecthttp.Option {
	json := connectproto.NewJSONCodec()
	json.UnmarshalOptions.DiscardUnknown = false // A misspelt field is an error, not a silent loss.
	return []connecthttp.Option{
		connecthttp.WithCodecs(binaryCodec{connectproto.NewBinaryCodec()}, jsonCodec{json}),
		connecthttp.WithCompressors(boundedGzip{connectgzip.New()}),
		connecthttp.WithCompressMinBytes(smallestCompressed),
		connecthttp.WithReadMaxBytes(MaxRequestBytes),
	}
}

// boundedGzip stops to decompress soon after the limit: a message that is too large is refused anyway, and a small body
// must not cost the time of the gigabytes it unpacks to.
type boundedGzip struct{ *connectgzip.Compressor }

// Decompress implements [connect.Compressor].
func (g boundedGzip) Decompress(src io.Reader) (io.ReadCloser, error) {
	r, err := g.Compressor.Decompress(src)
	if err != nil {
		return nil, err
	}
	return &boundedReader{ReadCloser: r, left: 2 * MaxRequestBytes}, nil
}

var _ connect.Compressor = boundedGzip{}

type boundedReader struct {
	io.ReadCloser
	left int
}

// Read implements [io.Reader].
func (r *boundedReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, fmt.Errorf("decompressed message is larger than %d bytes", MaxRequestBytes)
	}
	n, err := r.ReadCloser.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

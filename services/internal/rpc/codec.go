package rpc

import (
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
		connecthttp.WithCompressors(connectgzip.New()),
		connecthttp.WithCompressMinBytes(smallestCompressed),
		connecthttp.WithReadMaxBytes(MaxRequestBytes),
	}
}

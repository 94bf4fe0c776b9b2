// A client of persist in another language, with no line of ours in it: it speaks the write channel as the Joblet
// daemon does (two writes for each frame) and the query API with Google's gRPC.
//
//	foreign produce -socket S -log FILE -jobs N -lines N -rate N   sends lines as the daemon does, prints what it sent
//	foreign send -socket S -frames FILE                            sends the bytes of a capture as they are
//	foreign verify -socket S -log FILE -jobs N -lines N            reads every job back, compares each row
//	foreign rows -socket S -job J [-stream N] [-limit N] …         prints a job's rows, one JSON line each
//	foreign ping -socket S -count N -interval D                    prints the latencies of Ping in milliseconds
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sort"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
)

const baseTime = 1763600000000000000

type options struct {
	socket, log, frames, job    string
	jobs, lines, rate, count    int
	stream, limit, offset, tail int
	filter                      string
	start, end                  int64
	interval                    time.Duration
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: foreign produce|send|verify|rows|ping -socket S …")
	}
	var o options
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&o.socket, "socket", "", "unix socket")
	flags.StringVar(&o.log, "log", "", "file whose lines are sent")
	flags.StringVar(&o.frames, "frames", "", "file with frames")
	flags.StringVar(&o.job, "job", "", "job id")
	flags.IntVar(&o.jobs, "jobs", 8, "jobs, in turn")
	flags.IntVar(&o.lines, "lines", 80000, "lines in all")
	flags.IntVar(&o.rate, "rate", 20000, "lines a second; 0: as fast as it goes")
	flags.IntVar(&o.count, "count", 100, "pings")
	flags.IntVar(&o.stream, "stream", 0, "")
	flags.IntVar(&o.limit, "limit", 0, "")
	flags.IntVar(&o.offset, "offset", 0, "")
	flags.IntVar(&o.tail, "tail", 0, "")
	flags.StringVar(&o.filter, "filter", "", "")
	flags.Int64Var(&o.start, "start", 0, "")
	flags.Int64Var(&o.end, "end", 0, "")
	flags.DurationVar(&o.interval, "interval", 20*time.Millisecond, "between pings")
	_ = flags.Parse(os.Args[2:])
	commands := map[string]func(options) error{
		"produce": produce, "send": send, "verify": verify, "rows": rows, "ping": ping,
	}
	command, known := commands[os.Args[1]]
	if !known {
		log.Fatalf("unknown command %s", os.Args[1])
	}
	if err := command(o); err != nil {
		log.Fatal(err)
	}
}

// line is what row i of all rows is, the same for who sends and who compares.
type line struct {
	job      string
	stream   uint64
	time     int64
	sequence uint64
	content  []byte
}

func lineAt(pool [][]byte, i, jobs int) line {
	stream := uint64(1)
	if (i/jobs)%10 == 9 {
		stream = 2
	}
	return line{fmt.Sprintf("go-job-%d", i%jobs), stream, baseTime + int64(i)*1000, uint64(i / jobs), pool[i%len(pool)]}
}

func readPool(path string) ([][]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")), nil
}

func produce(o options) error {
	pool, err := readPool(o.log)
	if err != nil {
		return err
	}
	conn, err := net.Dial("unix", o.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	begin := time.Now()
	for i := 0; i < o.lines; i++ {
		if o.rate > 0 && i%100 == 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(o.rate))))
		}
		message := encode(lineAt(pool, i, o.jobs))
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(message)))
		if _, err := conn.Write(length[:]); err != nil {
			return err
		}
		if _, err := conn.Write(message); err != nil {
			return err
		}
	}
	seconds := time.Since(begin).Seconds()
	return print(map[string]any{"sent": o.lines, "seconds": seconds, "linesPerSecond": float64(o.lines) / seconds})
}

func encode(l line) []byte {
	var data []byte
	data = protowire.AppendTag(data, 1, protowire.BytesType)
	data = protowire.AppendString(data, l.job)
	data = appendVarint(data, 2, l.stream)
	data = appendVarint(data, 3, uint64(l.time))
	data = appendVarint(data, 4, l.sequence)
	data = protowire.AppendTag(data, 5, protowire.BytesType)
	data = protowire.AppendBytes(data, l.content)
	var message []byte
	message = appendVarint(message, 1, 1)
	message = appendVarint(message, 2, 1)
	message = protowire.AppendTag(message, 3, protowire.BytesType)
	message = protowire.AppendString(message, l.job)
	message = appendVarint(message, 4, uint64(l.time))
	message = appendVarint(message, 5, l.sequence)
	message = protowire.AppendTag(message, 6, protowire.BytesType)
	return protowire.AppendBytes(message, data)
}

func appendVarint(b []byte, field protowire.Number, value uint64) []byte {
	if value == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), value)
}

func send(o options) error {
	data, err := os.ReadFile(o.frames)
	if err != nil {
		return err
	}
	conn, err := net.Dial("unix", o.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write(data)
	return err
}

// rawCodec hands messages through as the bytes they are.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func dial(o options) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+o.socket,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallRecvMsgSize(128<<20)))
}

func query(o options, each func(line)) (metadata.MD, error) {
	conn, err := dial(o)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	description := &grpc.StreamDesc{ServerStreams: true}
	stream, err := conn.NewStream(context.Background(), description, "/joblet.persist.PersistService/QueryLogs")
	if err != nil {
		return nil, err
	}
	request := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), o.job)
	request = appendVarint(request, 2, uint64(o.stream))
	request = appendVarint(request, 3, uint64(o.start))
	request = appendVarint(request, 4, uint64(o.end))
	request = appendVarint(request, 5, uint64(o.limit))
	request = appendVarint(request, 6, uint64(o.offset))
	if o.filter != "" {
		request = protowire.AppendString(protowire.AppendTag(request, 64, protowire.BytesType), o.filter)
	}
	request = appendVarint(request, 66, uint64(o.tail))
	if err := stream.SendMsg(&request); err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return stream.Trailer(), nil
		} else if err != nil {
			return nil, err
		}
		decoded, err := decode(message)
		if err != nil {
			return nil, err
		}
		each(decoded)
	}
}

func decode(message []byte) (line, error) {
	var l line
	for len(message) > 0 {
		field, wire, n := protowire.ConsumeTag(message)
		if n < 0 {
			return l, protowire.ParseError(n)
		}
		message = message[n:]
		switch wire {
		case protowire.VarintType:
			value, n := protowire.ConsumeVarint(message)
			if n < 0 {
				return l, protowire.ParseError(n)
			}
			message = message[n:]
			switch field {
			case 2:
				l.stream = value
			case 3:
				l.time = int64(value)
			case 4:
				l.sequence = value
			}
		case protowire.BytesType:
			value, n := protowire.ConsumeBytes(message)
			if n < 0 {
				return l, protowire.ParseError(n)
			}
			message = message[n:]
			if field == 1 {
				l.job = string(value)
			} else if field == 5 {
				l.content = value
			}
		default:
			return l, fmt.Errorf("field %d has wire type %d", field, wire)
		}
	}
	return l, nil
}

func verify(o options) error {
	pool, err := readPool(o.log)
	if err != nil {
		return err
	}
	total := 0
	for job := 0; job < o.jobs; job++ {
		o.job = fmt.Sprintf("go-job-%d", job)
		next := 0
		var wrong error
		_, err := query(o, func(got line) {
			want := lineAt(pool, next*o.jobs+job, o.jobs)
			same := got.job == want.job && got.stream == want.stream && got.time == want.time &&
				got.sequence == want.sequence && bytes.Equal(got.content, want.content)
			if !same && wrong == nil {
				wrong = fmt.Errorf("job %s, row %d: got %v, want %v", o.job, next, got, want)
			}
			next++
		})
		if err != nil {
			return err
		}
		if wrong != nil {
			return wrong
		}
		if want := (o.lines - job + o.jobs - 1) / o.jobs; next != want {
			return fmt.Errorf("job %s: got %d rows, want %d", o.job, next, want)
		}
		total += next
	}
	return print(map[string]any{"verified": total})
}

func rows(o options) error {
	trailer, err := query(o, func(l line) {
		_ = print(map[string]any{"job": l.job, "stream": l.stream, "time": fmt.Sprint(l.time),
			"sequence": fmt.Sprint(l.sequence), "content": l.content})
	})
	if err != nil {
		return err
	}
	return print(map[string]any{"gaps": strings.Join(trailer.Get("joblet-gaps"), ",")})
}

func ping(o options) error {
	conn, err := dial(o)
	if err != nil {
		return err
	}
	defer conn.Close()
	var times []float64
	for i := 0; i < o.count; i++ {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		request, response := []byte{}, []byte{}
		err := conn.Invoke(ctx, "/joblet.persist.PersistService/Ping", &request, &response)
		cancel()
		if err != nil {
			return err
		}
		times = append(times, float64(time.Since(begin).Microseconds())/1000)
		time.Sleep(o.interval)
	}
	sort.Float64s(times)
	at := func(share float64) float64 { return times[int(share*float64(len(times)-1))] }
	return print(map[string]any{"pings": len(times), "p50": at(0.5), "p99": at(0.99), "max": at(1)})
}

func print(value any) error {
	return json.NewEncoder(os.Stdout).Encode(value)
}

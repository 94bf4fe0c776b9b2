// A client of the state service in another language, with no line of ours in it: it speaks the protocol as the Joblet
// daemon does, over a pool of 20 connections with one request at a time on each, and decodes answers into structs
// without tags, whose keys Go takes in any case.
//
//	state -socket S -jobs N    every operation for N jobs, from as many goroutines as the pool has connections;
//	                           each field that comes back is compared; prints what it did as JSON
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

const poolSize = 20

// What the daemon keeps of a job, in its own spelling.
type Job struct {
	Uuid, Name, Command string
	Args                []string
	Type                string
	Limits              struct{ CPU, CPUCores, Memory, IOBandwidth struct{} }
	CgroupPath, Status  string
	Pid                 int32
	StartTime           time.Time
	EndTime             *time.Time
	ScheduledTime       *time.Time
	ExitCode            int32
	Network             string
	Volumes             []string
	Runtime             string
	WorkflowUuid        string
	WorkingDirectory    string
	Uploads             []Upload
	Dependencies        []string
	Environment         map[string]string
	SecretEnvironment   map[string]string
	GPUIndices          []int32
	GPUCount            int32
	GPUMemoryMB         int64
	NodeId              string
}

type Upload struct {
	Path        string
	Content     []byte
	Mode        uint32
	IsDirectory bool
	Size        int64
}

type Filter struct {
	Status   string   `json:"status,omitempty"`
	Statuses []string `json:"statuses,omitempty"`
	NodeId   string   `json:"nodeId,omitempty"`
	Limit    int      `json:"limit,omitempty"`
	SortBy   string   `json:"sortBy,omitempty"`
	SortDesc bool     `json:"sortDesc,omitempty"`
}

type Request struct {
	Op        string  `json:"op"`
	JobId     string  `json:"jobId,omitempty"`
	Job       *Job    `json:"job,omitempty"`
	Jobs      []*Job  `json:"jobs,omitempty"`
	Filter    *Filter `json:"filter,omitempty"`
	RequestId string  `json:"requestId"`
	Timestamp int64   `json:"timestamp"`
}

type Response struct {
	RequestId string
	Success   bool
	Job       *Job
	Jobs      []*Job
	Error     string
}

type conn struct {
	net.Conn
	answers *bufio.Scanner
}

// As the daemon's: a request takes a connection out of it, and puts it back.
type pool struct {
	socket string
	free   chan *conn
	sent   atomic.Int64
}

func newPool(socket string) *pool {
	p := &pool{socket: socket, free: make(chan *conn, poolSize)}
	for i := 0; i < poolSize; i++ {
		p.free <- nil
	}
	return p
}

func (p *pool) ask(request Request) Response {
	c := <-p.free
	defer func() { p.free <- c }()
	if c == nil {
		dialed, err := net.DialTimeout("unix", p.socket, 5*time.Second)
		check(err)
		c = &conn{Conn: dialed, answers: bufio.NewScanner(dialed)}
		c.answers.Buffer(make([]byte, 64*1024), 10*1024*1024)
	}
	request.RequestId = fmt.Sprintf("req-%d-%d", time.Now().UnixNano(), p.sent.Add(1))
	request.Timestamp = time.Now().Unix()
	line, err := json.Marshal(request)
	check(err)
	check(c.SetDeadline(time.Now().Add(10 * time.Second)))
	_, err = c.Write(append(line, '\n'))
	check(err)
	if !c.answers.Scan() {
		log.Fatalf("%s: no answer: %v", request.Op, c.answers.Err())
	}
	var response Response
	check(json.Unmarshal(c.answers.Bytes(), &response))
	if response.RequestId != request.RequestId {
		log.Fatalf("%s: the answer is to %s, not to %s", request.Op, response.RequestId, request.RequestId)
	}
	return response
}

func (p *pool) do(request Request) Response {
	response := p.ask(request)
	if !response.Success {
		log.Fatalf("%s %s: %s", request.Op, request.JobId, response.Error)
	}
	return response
}

func (p *pool) fails(request Request, text string) {
	if response := p.ask(request); response.Success || response.Error != text {
		log.Fatalf("%s: success %v, error %q; expected %q", request.Op, response.Success, response.Error, text)
	}
}

func sample(i int, status string) *Job {
	start := time.Date(2025, 11, 20, 0, 53, 20, 123456789, time.UTC).Add(time.Duration(i) * time.Second)
	job := &Job{
		Uuid: fmt.Sprintf("go-%06d", i), Name: "träining \U0001F680 <&>", Command: "/usr/bin/python3",
		Args: []string{"train.py", "--epochs", fmt.Sprint(i)}, Type: "standard", CgroupPath: "/sys/fs/cgroup/job",
		Status: status, Pid: 4242, StartTime: start, ExitCode: -1, Network: "bridge",
		Volumes: []string{"data", "models"}, Runtime: "python-3.11-ml", WorkflowUuid: "w", WorkingDirectory: "/work",
		Uploads:           []Upload{{Path: "a/b", Content: []byte{0, 1, 254, 255}, Mode: 0o644, Size: 4}},
		Dependencies:      []string{"go-0"},
		Environment:       map[string]string{"A": "1", "ß": "line\nline"},
		SecretEnvironment: map[string]string{"TOKEN": "s3cret"},
		GPUIndices:        []int32{0, 3}, GPUCount: 2, GPUMemoryMB: 1<<62 + 1, NodeId: "node-1",
	}
	if status == "COMPLETED" {
		end := start.Add(1234567891 * time.Nanosecond)
		job.EndTime = &end
		job.ExitCode = 0
	}
	return job
}

func same(what string, found, expected *Job) {
	if found == nil || !reflect.DeepEqual(found, expected) {
		a, _ := json.Marshal(found)
		b, _ := json.Marshal(expected)
		log.Fatalf("%s %s:\nfound    %s\nexpected %s", what, expected.Uuid, a, b)
	}
}

func parallel(count int, work func(int)) {
	var waiting sync.WaitGroup
	next := atomic.Int64{}
	for w := 0; w < poolSize; w++ {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				work(i)
			}
		}()
	}
	waiting.Wait()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	log.SetFlags(0)
	socket := flag.String("socket", "", "unix socket")
	jobs := flag.Int("jobs", 1000, "jobs")
	flag.Parse()
	p := newPool(*socket)
	p.do(Request{Op: "ping"})

	// A create and an update go over different connections at the same moment: either may arrive first.
	parallel(*jobs, func(i int) {
		created := make(chan bool)
		go func() {
			p.do(Request{Op: "create", Job: sample(i, "PENDING")})
			close(created)
		}()
		same("update", p.do(Request{Op: "update", Job: sample(i, "RUNNING")}).Job, sample(i, "RUNNING"))
		<-created
		same("get", p.do(Request{Op: "get", JobId: sample(i, "").Uuid}).Job, sample(i, "RUNNING"))
		p.fails(Request{Op: "create", Job: sample(i, "PENDING")}, "CREATE_ERROR: job already exists")
		if i%2 == 0 {
			p.do(Request{Op: "update", Job: sample(i, "COMPLETED")})
			same("get", p.do(Request{Op: "get", JobId: sample(i, "").Uuid}).Job, sample(i, "COMPLETED"))
		}
	})

	status := func(i int) string { return []string{"COMPLETED", "RUNNING"}[i%2] }
	list := func(filter *Filter, expected func(int) int, count int) {
		found := p.do(Request{Op: "list", Filter: filter}).Jobs
		if len(found) != count {
			log.Fatalf("list %+v: %d jobs; expected %d", filter, len(found), count)
		}
		for at, job := range found {
			i := expected(at)
			same("list", job, sample(i, status(i)))
		}
	}
	list(nil, func(at int) int { return at }, *jobs)
	list(&Filter{SortBy: "createdAt", SortDesc: true}, func(at int) int { return *jobs - 1 - at }, *jobs)
	list(&Filter{Status: "RUNNING", NodeId: "node-1", SortBy: "startTime"}, func(at int) int { return 2*at + 1 }, *jobs/2)
	list(&Filter{Statuses: []string{"COMPLETED", "FAILED"}, Limit: 10}, func(at int) int { return 2 * at }, 10)
	list(&Filter{NodeId: "elsewhere"}, nil, 0)

	// A sync leaves the first half, and changes each of it.
	half := *jobs / 2
	kept := []*Job{}
	for i := 0; i < half; i++ {
		kept = append(kept, sample(i, "STOPPED"))
	}
	p.do(Request{Op: "sync", Jobs: kept})
	status = func(int) string { return "STOPPED" }
	list(nil, func(at int) int { return at }, half)
	p.fails(Request{Op: "get", JobId: sample(half, "").Uuid}, "GET_ERROR: job not found")
	p.fails(Request{Op: "update", Job: sample(half, "RUNNING")}, "UPDATE_ERROR: job not found")

	parallel(half, func(i int) {
		p.do(Request{Op: "delete", JobId: sample(i, "").Uuid})
		p.fails(Request{Op: "delete", JobId: sample(i, "").Uuid}, "DELETE_ERROR: job not found")
		p.fails(Request{Op: "update", Job: sample(i, "RUNNING")}, "UPDATE_ERROR: job not found")
	})
	list(nil, nil, 0)
	fmt.Printf("{\"jobs\":%d,\"requests\":%d}\n", *jobs, p.sent.Load())
}

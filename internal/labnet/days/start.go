package days

// Ids of what the site does by itself: the machine's in the upper bits, what it does in the lower. Those of a plan have the highest bit.
const (
	idsPerHost = 128
	planned    = 1 << 31
)

// What a machine does besides the services of the table, as the lower part of ids.
const (
	doServices = iota // and as many more as there are services
	doBrowse   = 64 + iota
	doWatch
	doMeet
	doClock
	doAddress
	doShout
	doSignIn
	doFiles
	doPolicy
	doPrint
	doMistake
	doProbeNames
	doScanFile
	doReverse
	doDeadServer
	doUpload
	doWork
	doLogin
	doSyslog
	doReplicate
	doBackup
	doMonitor
	doSNMP
	doHealth
	doMailIn
	doMailOut
	doBlocklist
	doStrangers
	doVisitors
	doUptime
	doVPN
	doKnock
	doSSH
)

func (h *host) process(what int) uint32 { return uint32(h.id+1)*idsPerHost + uint32(what) }

// settle starts everything that goes on at the site, each at some moment of its period.
func (r *run) settle() {
	for _, h := range r.site.all {
		d := newDice(r.site.seed, 40, uint64(h.id))
		for i := range services {
			s := &services[i]
			if h.system&s.who == 0 || !d.chance(s.share) {
				continue
			}
			r.start(h.process(doServices+i), h, r.from+d.span(0, min(s.every, day)), s, nil, serve)
		}
		begin := func(what int, within int64, a act) {
			r.start(h.process(what), h, r.from+d.span(0, within), nil, nil, a)
		}
		begin(doClock, 17*minute, clock)
		begin(doAddress, 4*hour, renew)
		begin(doShout, 10*minute, shout)
		if h.person {
			begin(doBrowse, 10*minute, browse)
			begin(doWatch, 2*hour, watch)
			begin(doMeet, 30*minute, meet)
			begin(doSignIn, 10*minute, signIn)
			begin(doFiles, 20*minute, useFiles)
			begin(doPolicy, 100*minute, policy)
			begin(doPrint, 2*hour, printOut)
			begin(doMistake, hour, mistype)
			begin(doProbeNames, hour, probeNames)
			begin(doScanFile, hour, scanFile)
			if d.chance(0.03) {
				begin(doDeadServer, minute, deadServer)
			}
			if d.chance(0.3) {
				begin(doUpload, 8*hour, upload)
			}
		} else if h.lan.inside && h.system != printer {
			begin(doWork, minute, work)
			begin(doSyslog, 2*minute, syslog)
			begin(doReverse, 20*minute, reverse)
			begin(doBackup, day, backUp)
		}
	}
	r.settleServers()
	r.settleStrangers()
}

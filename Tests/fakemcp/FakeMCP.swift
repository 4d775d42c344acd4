#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
enum FakeMCP {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard !arguments.contains("--help") else {
            print(Options.help)
            return
        }
        do {
            try run(Options(arguments))
        } catch {
            System.say("fakemcp: \(error.text) (see --help)")
            exit(64)
        }
    }

    private static func run(_ options: Options) throws(Options.Problem) {
        signal(SIGPIPE, SIG_IGN)
        if options.evil == .exit0 { exit(0) }
        if options.evil == .ignoreTerm { signal(SIGTERM, SIG_IGN) }
        if options.grandchild { Descendants.live() }
        if options.midwife {
            Descendants.spawn("--grandchild", inOwnSession: true)
            exit(0)
        }
        if options.startDelay > 0 {
            poll(nil, 0, Int32(clamping: options.startDelay))
        }
        let loop = EventLoop()
        let server = Server(options: options, loop: loop)
        if options.evil == .stderrFlood { server.floodStderr() }
        switch options.evil {
        case .forkGrandchild: server.grandchild = Descendants.spawn("--grandchild")
        case .forkMany: for _ in 0..<(options.evilCount ?? 200) { Descendants.spawn("--grandchild") }
        case .escape: Descendants.spawn("--midwife")
        default: break
        }
        if let port = options.httpPort {
            let http = try HTTPTransport(server: server, loop: loop, port: port)
            withExtendedLifetime(http) { loop.run() }
        }
        let stdio = StdioTransport(server: server, loop: loop)
        if options.evil == .banner {
            stdio.say("Welcome to \(options.name)!\nLoading ...\n{not json}\n\n[1, 2\n")
        }
        withExtendedLifetime(stdio) { loop.run() }
    }
}

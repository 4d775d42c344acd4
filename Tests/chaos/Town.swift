import GateProtocol
import GateTestKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The gateway and the servers behind it: four that behave and eight that do not.
final class Town: Sendable {
    static let healthy = ["good-1", "good-2", "good-3", "good-4"]
    /// With what each does to its users.
    static let evil: [(name: String, what: String)] = [
        ("killed", "killed again and again"),
        ("frozen", "stopped and continued by signals"),
        ("flooding", "thousands of notices before each answer"),
        ("deaf", "stops reading"),
        ("bigmouth", "answers of 20 MB on one line"),
        ("looping", "ends as soon as it starts"),
        ("slow", "needs 2 s to start"),
        ("far", "http, on a broken network"),
    ]

    let gateway: GatewayProcess
    let brand: Brand
    let ledgers: TemporaryDirectory
    let proxy: ToxicProxy
    private let servers: [FakeServer]
    private let configuration: String

    private init(
        gateway: GatewayProcess, brand: Brand, ledgers: TemporaryDirectory, proxy: ToxicProxy, servers: [FakeServer]
    ) {
        self.gateway = gateway
        self.brand = brand
        self.ledgers = ledgers
        self.proxy = proxy
        self.servers = servers
        configuration = gateway.directory.read("config.toml") ?? ""
    }

    static func build() async throws -> Town {
        let brand = Brand()
        let ledgers = try TemporaryDirectory()
        func evil(_ name: String, _ flags: [String] = []) throws -> BackendText {
            try BackendText(fake: name, ["--ledger", ledgers.file(name)] + flags, brand: brand)
        }
        let third = try await FakeServer.start()
        let fourth = try await FakeServer.start(["--reply", "sse"])
        let far = try await FakeServer.start(["--ledger", ledgers.file("far")])
        let proxy = try ToxicProxy(to: far.port)
        let backends: [BackendText] = [
            try BackendText(fake: "good-1", brand: brand), try BackendText(fake: "good-2", brand: brand),
            BackendText("good-3", port: third.port), BackendText("good-4", port: fourth.port),
            try evil("killed"), try evil("frozen"), try evil("flooding", ["--evil", "progress-storm=2000"]),
            try evil("deaf", ["--evil", "no-read", "--evil-after", "40"]),
            try evil("bigmouth", ["--evil", "huge-line=20000000", "--evil-after", "10"]),
            try evil("looping", ["--evil", "exit0"]), try evil("slow", ["--start-delay-ms", "2000"]),
            BackendText("far", port: proxy.port),
        ]
        // The restart budget would put most of them to rest within seconds; here they have to go on.
        let head = """
            [circuit_breaker]
            reset_timeout = 2

            [limits]
            restart_budget = 100
            rate_per_principal = 1000000
            burst_per_principal = 1000000
            in_flight_per_principal = 1000


            """
        let gateway = try await GatewayProcess.start(head + backends.text)
        try await gateway.running(healthy + ["killed", "frozen", "flooding", "deaf", "bigmouth", "slow", "far"])
        return Town(
            gateway: gateway, brand: brand, ledgers: ledgers, proxy: proxy, servers: [third, fourth, far])
    }

    /// Starts or stops all evil servers, and waits until it is done.
    func evil(_ verb: String) async throws {
        for (name, _) in Town.evil {
            _ = try await gateway.admin("POST", "/server/\(verb)", json: "{\"name\":\"\(name)\"}")
        }
        guard verb == "stop" else { return }
        let deadline = ContinuousClock.now + .seconds(20)
        for (name, _) in Town.evil {
            while try await gateway.status(of: name)["status"] != "stopped", ContinuousClock.now < deadline {
                try await offPool { Sampling.rest(.milliseconds(50)) }
            }
        }
    }

    /// A gateway without load and without evil servers: what it holds then is what it must hold again at the end.
    func atRest(like before: ProcessSample? = nil) async throws -> ProcessSample {
        try await Sampling.settled(gateway.program.pid, like: before)
    }

    func signal(_ server: String, _ number: Int32) async throws -> Bool {
        guard let pid = try await gateway.status(of: server)["pid"]?.intValue else { return false }
        return kill(pid_t(pid), number) == 0
    }

    /// Writes the configuration with or without one more server, or broken, and has it read.
    func reload(guest: Bool, broken: Bool = false) throws {
        var text = configuration
        if guest { text += try BackendText(fake: "guest", brand: brand).text }
        if broken { text += "[[backends]\nname = " }
        try gateway.directory.write(text, to: "config.toml")
        gateway.program.signal(SIGHUP)
    }
}

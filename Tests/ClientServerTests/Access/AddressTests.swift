import GateProtocol
import GateTestKit
import Testing

/// Where the gateway's connections may go, decided on the address that is really dialled.
@Suite(.serialized) struct AddressTests {
    /// S-25: a server that is added over the network is at a public address, in whatever way its URL is written.
    @Test(.timeLimit(.minutes(3))) func addedServersAreAtPublicAddresses() async throws {
        let sink = try ScriptedServer { _ in .reply(200, "{}") }
        let gateway = try await GatewayProcess.start(server: "added_addresses = [\"127.0.0.9\"]")
        let hosts = [
            "127.0.0.1", "127.255.255.254", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:1:2::80ff:fffe]", "localhost",
            "LOCALHOST",
            "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.0.1", "169.254.169.254", "100.100.100.200",
            "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[fd00::1]", "[fe80::1]",
            "[ff02::1]",
            "[fd00:ec2::254]", "[::ffff:a9fe:a9fe]", "[2001:db8::1]",
        ]
        for (number, host) in hosts.enumerated() {
            let server: JSONValue = ["name": .string("s\(number)"), "url": .string("http://\(host):\(sink.port)/mcp")]
            #expect(try await gateway.admin("POST", "/server/add", json: server.text).status == 201, "\(host)")
        }
        for (number, host) in hosts.enumerated() {
            #expect(
                try await eventually { try await error(gateway, "s\(number)").contains("is not allowed") }, "\(host)")
            let call = try await gateway.call("s\(number)", "echo", [:])
            #expect(call.json["sent"] == false && call.status >= 400, "\(host): \(call.json)")
        }
        // What no reader of URLs agrees on, and what is none of HTTP's, is not taken at all.
        let spellings = [
            "127.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001", "2130706433", "127.0.0.1.", "0", "１２７.0.0.1",
            "127.0.0.1%2f", "127.0.0.1\\\\@example.com", "example.com#@127.0.0.1", "[::1%25lo]", "a\\r\\nb",
        ].map { "http://\($0):\(sink.port)/" }
        let schemes = [
            "file:///etc/passwd", "gopher://127.0.0.1/", "dict://127.0.0.1/", "ftp://127.0.0.1/", "unix:///x",
            "//127.0.0.1/",
        ]
        for url in spellings + schemes {
            let body = "{\"name\":\"odd\",\"url\":\"\(url)\"}"
            let reply = try await gateway.admin("POST", "/server/add", json: body)
            #expect((400..<500).contains(reply.status), "\(url): \(reply.status) \(reply.text)")
        }
        let own = #"{"name":"own","url":"http://127.0.0.1/","allow_addresses":["127.0.0.1"]}"#
        #expect(try await gateway.admin("POST", "/server/add", json: own).text.contains("server.added_addresses"))
        #expect(sink.requests.all.isEmpty)

        // The operator's list opens what it names, and nothing more.
        let listed = #"{"name":"listed","url":"http://127.0.0.9:1/mcp"}"#
        #expect(try await gateway.admin("POST", "/server/add", json: listed).status == 201)
        #expect(try await eventually { try await !error(gateway, "listed").isEmpty })
        #expect(try await !error(gateway, "listed").contains("is not allowed"))
        #expect(try await gateway.stop() == .code(0))
    }

    /// Most servers that are added are on this machine.
    @Test func addedServersMayBeOnThisMachineUnlessToldOtherwise() async throws {
        let server = try RecordingMCP()
        let gateway = try await GatewayProcess.start()
        let added: JSONValue = ["name": "near", "url": .string(server.url)]
        #expect(try await gateway.admin("POST", "/server/add", json: added.text).status == 201)
        try await gateway.running(["near"])
        #expect(try await gateway.call("near", "echo", ["text": "here"]).text == "here")
        #expect(try await gateway.stop() == .code(0))
    }

    private func error(_ gateway: GatewayProcess, _ server: String) async throws -> String {
        let list = try JSONReply(await gateway.admin("GET", "/server/list")).json["servers"]?.arrayValue ?? []
        return list.first { $0["name"] == .string(server) }?["last_error"]?.text ?? ""
    }

    /// The operator's own servers may be here and in private networks, but at no metadata service.
    @Test func configuredServersAreWhereTheOperatorSays() async throws {
        let server = try RecordingMCP()
        let gateway = try await GatewayProcess.start(
            Backends.http("here", server.url) + Backends.http("meta", "http://169.254.169.254/mcp")
                + Backends.http("six", "http://[fd00:ec2::254]/mcp"))
        try await gateway.running(["here"])
        for name in ["meta", "six"] {
            #expect(try await eventually { try await error(gateway, name).contains("is not allowed") })
            #expect(try await error(gateway, name).contains("allow_addresses"))
        }
        #expect(try await gateway.stop() == .code(0))
    }

    #if os(Linux)
        /// A name that leads elsewhere when it is asked for again (DNS rebinding) changes nothing: the socket's address counts.
        @Test func namesAreJudgedByWhatTheyLeadToNow() async throws {
            let server = try RecordingMCP()
            let directory = try TemporaryDirectory()
            let names = try await NameShim(directory)
            try names.set([
                "inside.test": ["127.0.0.1"], "turns.test": ["127.0.0.1"], "meta.test": ["169.254.169.254"],
                "both.test": ["169.254.169.254", "127.0.0.1"],
            ])
            let port = server.server.port
            let gateway = try await GatewayProcess.start(
                ["inside", "turns", "meta", "both"].map { Backends.http($0, "http://\($0).test:\(port)/mcp") }.joined(),
                server: "added_addresses = []", directory: directory, launcher: names.launcher)
            try await gateway.running(["inside", "turns", "both"])
            #expect(try await gateway.call("turns", "echo", ["text": "first"]).text == "first")
            #expect(
                try await eventually {
                    try await error(gateway, "meta").contains("169.254.169.254:\(port) is not allowed")
                })
            #expect(server.requests.allSatisfy { $0["host"] != "meta.test:\(port)" })

            // An added server by a name that the operator uses, too.
            let added = #"{"name":"added","url":"http://inside.test:\#(port)/added"}"#
            #expect(try await gateway.admin("POST", "/server/add", json: added).status == 201)
            #expect(
                try await eventually { try await error(gateway, "added").contains("127.0.0.1:\(port) is not allowed") })
            #expect(server.requests.allSatisfy { $0.path != "/added" })

            try names.set(["turns.test": ["169.254.169.254"], "inside.test": ["127.0.0.1"]])
            #expect(try await gateway.admin("POST", "/server/restart", json: #"{"name":"turns"}"#).status == 200)
            #expect(try await eventually { try await error(gateway, "turns").contains("is not allowed") })
            let refused = try await gateway.call("turns", "echo", ["text": "second"])
            #expect(refused.json["sent"] == false && refused.status == 503)
            #expect(server.requests.allSatisfy { !$0.body.contains("second") })
            #expect(try await gateway.call("inside", "echo", ["text": "third"]).text == "third")
            #expect(try await gateway.stop() == .code(0))
        }
    #endif

    /// S-26: nothing in the environment or the home directory sends requests elsewhere, or adds credentials to them.
    @Test func ambientSettingsOfTheHTTPLibraryHaveNoEffect() async throws {
        let directory = try TemporaryDirectory()
        let proxy = try ScriptedServer { _ in .reply(502, "") }
        let server = try RecordingMCP()
        let receiver = try ScriptedServer { _ in .reply(204, "") }
        try directory.write(
            "machine 127.0.0.1 login mallory password netrc-canary\ndefault login m password netrc-canary\n",
            to: ".netrc")
        try directory.write("proxy = \"\(proxy.url)\"\nheader = \"X-Curlrc: curlrc-canary\"\n", to: ".curlrc")
        var environment = ["HOME": directory.path, "PATH": "/usr/bin:/bin", "SSLKEYLOGFILE": directory.file("keys")]
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            environment[name] = proxy.url
        }
        environment["NO_PROXY"] = ""
        environment["NETRC"] = directory.file(".netrc")
        environment["CURL_HOME"] = directory.path
        let gateway = try await GatewayProcess.start(
            "[async]\ncallback_hosts = [\"127.0.0.1:\(receiver.port)\"]\n\n" + Backends.http("far", server.url),
            environment: environment, directory: directory)
        try await gateway.running(["far"])
        #expect(try await gateway.call("far", "echo", ["text": "direct"]).text == "direct")
        let submitted = try await gateway.post(
            "/call/async",
            json: """
                {"server":"far","tool":"echo","arguments":{"text":"x"},"callback_url":"\(receiver.url)/hook"}
                """)
        #expect(submitted.status == 202)
        let told = try await receiver.requests.first { $0.path == "/hook" }.element
        #expect(try await gateway.stop() == .code(0))
        #expect(proxy.requests.all.isEmpty)
        #expect(server.requests.count >= 4)
        for request in server.requests + [told] {
            #expect(
                request["authorization"] == nil && request["x-curlrc"] == nil && request["proxy-authorization"] == nil)
        }
        #expect(directory.read("keys") == nil)
    }

    /// A callback to this machine over plain HTTP stays on it.
    @Test func redirectsAreNotFollowed() async throws {
        let sink = try ScriptedServer { _ in .reply(200, "{}") }
        let server = try RecordingMCP { request in
            request.body.contains("tools/call")
                ? .reply(302, "", headers: ["Location": "\(sink.url)/latest/meta-data/"]) : nil
        }
        let gateway = try await GatewayProcess.start(Backends.http("turned", server.url))
        try await gateway.running(["turned"])
        let call = try await gateway.call("turned", "echo", ["text": "x"])
        #expect(call.json["code"] == "BACKEND_ERROR" && call.json["sent"] == false, "\(call.json)")
        #expect(call.json["error"]?.stringValue?.contains("redirects are not followed") == true)
        #expect(sink.requests.all.isEmpty)
        #expect(try await gateway.stop() == .code(0))
    }
}

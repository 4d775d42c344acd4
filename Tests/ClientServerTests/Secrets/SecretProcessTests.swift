#if canImport(Glibc)
    import Foundation
    import GateProtocol
    import GateTestKit
    import Testing

    /// What other programs of this machine find about the processes: their command lines, and (as root or their user) their environment.
    @Suite(.serialized) struct SecretProcessTests {
        private struct Process {
            var pid: Int
            var parent: Int
            var commandLine: String
            var environment: String
        }

        /// The gateway, its guardian (a copy of it that is nobody's child) and all processes below them.
        private func processes(of gateway: GatewayProcess) -> [Process] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            func read(_ pid: Int, _ file: String) -> String {
                String(decoding: FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data(), as: UTF8.self)
            }
            let known = all.compactMap { Int($0) }.map { pid in
                // The name is in brackets and may hold anything.
                let parent = read(pid, "stat").split(separator: ")").last?.split(separator: " ").dropFirst().first
                return Process(
                    pid: pid, parent: parent.flatMap { Int($0) } ?? 0, commandLine: read(pid, "cmdline"),
                    environment: read(pid, "environ"))
            }
            let itself = known.first { $0.pid == Int(gateway.program.pid) }?.commandLine
            var found = known.filter { $0.commandLine == itself }
            var pids = Set(found.map(\.pid))
            while true {
                let more = known.filter { pids.contains($0.parent) && !pids.contains($0.pid) }
                guard !more.isEmpty else { return found }
                found += more
                pids.formUnion(more.map(\.pid))
            }
        }

        @Test func onlyChildrenThatAreMeantToHaveASecretHaveIt() async throws {
            let gateway = try await SecretRig.start()
            // A process for each tenant.
            for headers in [SecretRig.agent, SecretRig.other] {
                let call = #"{"server":"own","tool":"echo","arguments":{"text":"x"}}"#
                #expect(try await gateway.post("/call", headers: headers, json: call).status == 200)
            }
            let servers = try JSONReply(await gateway.admin("GET", "/server/list")).json["servers"]?.arrayValue ?? []
            /// Which secrets a process may have, by its pid.
            var allowed: [Int: Set<String>] = [Int(gateway.program.pid): ["variable", "argument"]]
            for server in servers {
                let name = server["name"]?.stringValue
                if name == "fake", let pid = server["pid"]?.intValue { allowed[pid] = ["env", "variable"] }
                for instance in server["instances"]?.arrayValue ?? [] {
                    guard name == "own", let pid = instance["pid"]?.intValue else { continue }
                    switch instance["owner"]?.stringValue {
                    case let owner? where owner.hasSuffix(" t") || owner == "t": allowed[pid] = ["tenant"]
                    case let owner? where owner.hasSuffix(" u") || owner == "u": allowed[pid] = ["other-tenant"]
                    default: allowed[pid] = []
                    }
                }
            }
            let found = processes(of: gateway)
            // The gateway, its guardian, and three servers, one of them once for nobody and once for each tenant.
            #expect(found.count >= 7, "\(found.map(\.commandLine))")
            #expect(allowed.values.contains(["tenant"]) && allowed.values.contains(["other-tenant"]), "\(servers)")
            let generated = try gateway.secrets().filter { !$0.hasPrefix("canary-") }
            for process in found {
                let isCopy = process.commandLine == found.first?.commandLine
                let own = isCopy ? ["variable", "argument"] : allowed[process.pid] ?? []
                for name in SecretRig.configured {
                    let secret = SecretRig.canary(name)
                    #expect(
                        !process.commandLine.contains(secret), "\(name) in the command line of \(process.commandLine)")
                    // Whoever may not look into it finds nothing: that is right, too.
                    guard !process.environment.isEmpty else { continue }
                    #expect(
                        process.environment.contains(secret) == own.contains(name),
                        "\(name) in the environment of \(process.commandLine)")
                }
                for secret in generated {
                    #expect(!process.commandLine.contains(secret) && !process.environment.contains(secret))
                }
            }
            #expect(try await gateway.stop() == .code(0))
        }

        /// Commands are given secrets by files and standard input, and so is whoever lists processes while they run.
        @Test func commandsNeedNoSecretInTheirCommandLine() async throws {
            let gateway = try await SecretRig.start()
            let token = try #require(gateway.adminToken)
            let file = try gateway.directory.write(SecretRig.agentToken, to: "agent.token")
            let events = try Program(
                Products.path("gatecall"), ["events", "--url", gateway.baseURL, "--token-file", file],
                environment: ["HOME": gateway.directory.path, "PATH": "/usr/bin:/bin"])
            var shown = ""
            // From its first instruction on, and while it works.
            let isShown = try await eventually {
                let line = FileManager.default.contents(atPath: "/proc/\(events.pid)/cmdline") ?? Data()
                shown = String(decoding: line, as: UTF8.self)
                return shown.contains("events")
            }
            #expect(isShown && !shown.contains(token) && !shown.contains(SecretRig.agentToken))
            _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"plain"}"#)
            _ = try await events.output.first { $0.contains("plain") }
            await #expect(throws: Never.self) { try await events.stop() }
            #expect(try await gateway.stop() == .code(0))
        }
    }
#endif

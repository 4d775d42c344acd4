import CSpawn
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Real children under the real kernel where it has Landlock; the branch without it by a made-up answer of the probe.
@Suite struct SandboxTests {
    /// A gateway's directory with a secret in it, beside a folder of the user's with another.
    private final class World: Sendable {
        let root: String
        var data: String { root + "/data" }
        var home: String { root + "/home" }
        var policy: SandboxPolicy { SandboxPolicy(dataDirectory: data) }

        init() throws {
            var name = Array("/var/tmp/stonegate-sandbox-XXXXXX".utf8CString)
            let isMade = name.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkdtemp($0) != nil } ?? false }
            try #require(isMade)
            root = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            for folder in ["data", "home", "home/.ssh", "home/open"] { mkdir("\(root)/\(folder)", 0o700) }
            for file in ["data/token", "home/.ssh/id", "home/open/x"] {
                let fd = creat("\(root)/\(file)", 0o600)
                write(fd, "kept\n", 5)
                close(fd)
            }
        }

        deinit { ScratchDirectory.remove(root) }

        func run(
            _ script: String, _ policy: SandboxPolicy, support: SandboxSupport = .current, shell: String = "/bin/sh"
        ) async throws -> [String] {
            var spec = ProcessFixture.sh(script)
            let sandbox = try Sandbox(policy, executable: shell, support: support)
            spec.environment += [("TMPDIR", sandbox.scratch.path), ("HOME", home)]
            spec.workingDirectory = sandbox.scratch.path
            spec.sandbox = sandbox
            return try await ProcessFixture.output(spec).lines
        }
    }

    private static let hasFiles = SandboxSupport.current.abi >= 1
    private static let hasTCP = SandboxSupport.current.abi >= 4
    private static let hasPython = FileProbe.of("/usr/bin/python3") == .executable
    private static let hasNode = FileProbe.of("/usr/bin/node") == .executable

    /// `yes` or `no` for each command.
    private static func tries(_ commands: String...) -> String {
        commands.map { "if ( \($0) ) >/dev/null 2>&1; then echo yes; else echo no; fi" }.joined(separator: "; ")
    }

    @Test(.enabled(if: hasFiles)) func whatIsNotListedIsClosed() async throws {
        let world = try World()
        let found = try await world.run(
            Self.tries(
                "cat $HOME/.ssh/id", "cat \(world.data)/token", "ls \(world.data)", "echo x > $HOME/new",
                "echo x > $HOME/open/x", "rm $HOME/open/x", "echo x > /usr/stonegate-x", "cat /etc/shadow",
                // Its ordinary work goes on.
                "echo x > $TMPDIR/mine && cat $TMPDIR/mine", "mkdir $TMPDIR/d && mv $TMPDIR/mine $TMPDIR/d/",
                "cat /etc/passwd", "echo x > /dev/null", "ls /usr/bin", "echo x > here"), world.policy)
        #expect(found == Array(repeating: "no", count: 8) + Array(repeating: "yes", count: 6))
        #expect(access("\(world.home)/open/x", F_OK) == 0)
    }

    @Test(.enabled(if: hasFiles)) func theChildIsToldThatItMayNot() async throws {
        let world = try World()
        let found = try await world.run("cat $HOME/.ssh/id 2>&1", world.policy)
        #expect(found.count == 1 && found.allSatisfy { $0.contains("Permission denied") })
    }

    @Test(.enabled(if: hasFiles)) func whatIsListedIsOpenAndNoMore() async throws {
        let world = try World()
        var policy = world.policy
        policy.read = ["\(world.home)/open"]
        let script = Self.tries("cat $HOME/open/x", "echo x > $HOME/open/y", "cat $HOME/.ssh/id")
        #expect(try await world.run(script, policy) == ["yes", "no", "no"])
        policy.write = policy.read
        #expect(try await world.run(script, policy) == ["yes", "yes", "no"])
    }

    @Test(.enabled(if: hasTCP && hasPython)) func noConnectionButToListedPorts() async throws {
        let world = try World()
        // A port where nobody listens: refused by the other side when the sandbox lets it through.
        let script = """
            exec /usr/bin/python3 -c '
            import socket, tempfile, json
            for port in (1, 9):
                try: socket.create_connection(("127.0.0.1", port), 5)
                except OSError as error: print(type(error).__name__)
            try: socket.create_server(("127.0.0.1", 0))
            except OSError as error: print(type(error).__name__)
            tempfile.TemporaryFile().write(b"x")
            print("works")'
            """
        #expect(
            try await world.run(script, world.policy)
                == ["PermissionError", "PermissionError", "PermissionError", "works"])
        var policy = world.policy
        policy.connect = [9]
        #expect(
            try await world.run(script, policy)
                == ["PermissionError", "ConnectionRefusedError", "PermissionError", "works"])
    }

    @Test(.enabled(if: hasFiles && hasNode)) func nodeStarts() async throws {
        let world = try World()
        let found = try await world.run(
            """
            exec /usr/bin/node -e '
            const fs = require("fs"), os = require("os")
            fs.writeFileSync(os.tmpdir() + "/x", "1")
            try { fs.readFileSync(process.env.HOME + "/.ssh/id") } catch (error) { console.log(error.code) }
            setTimeout(() => console.log("works"), 1)'
            """, world.policy)
        #expect(found == ["EACCES", "works"])
    }

    @Test(.enabled(if: hasFiles)) func childrenOfChildrenAreHeldToo() async throws {
        let world = try World()
        let script = "sh -c 'sh -c \"cat $HOME/.ssh/id\"' 2>/dev/null || echo no"
        #expect(try await world.run(script, world.policy) == ["no"])
    }

    /// As root, too: what is outside is closed by the missing capabilities there.
    @Test(.enabled(if: hasFiles)) func otherProcessesAreClosed() async throws {
        let world = try World()
        let found = try await world.run(
            Self.tries("cat /proc/\(getpid())/environ", "cat /proc/\(getpid())/maps", "cat /proc/self/environ")
                + "; grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | tr -d '\\t'; grep NoNewPrivs /proc/self/status | tr -d '\\t'",
            world.policy)
        #expect(
            found == ["no", "no", "yes"] + ["Inh", "Prm", "Eff", "Amb"].map { "Cap\($0):0000000000000000" } + [
                "NoNewPrivs:1"
            ])
    }

    @Test func withoutKernelSupportItRunsAndSaysSo() async throws {
        let world = try World()
        let none = SandboxSupport(abi: 0)
        #expect(try await world.run("cat $HOME/.ssh/id", world.policy, support: none) == ["kept"])
        #expect(none.description.contains("limits only"))
        #expect(SandboxSupport(abi: 3).description.contains("the network is open"))
        #expect([0, 1, 3, 4, 7].map { SandboxSupport(abi: $0).isFull } == [false, false, false, true, true])
    }

    @Test(arguments: [0, 3] as [Int32]) func requiredStartsNothingWithoutFullSupport(_ abi: Int32) throws {
        let world = try World()
        var policy = world.policy
        policy.isRequired = true
        let failure = #expect(throws: SpawnFailure.self) {
            try Sandbox(policy, executable: "/bin/sh", support: SandboxSupport(abi: abi))
        }
        #expect(failure?.message.contains("Nothing was started") == true)
        #expect(failure?.isTransient == false)
        // Not even its directory.
        #expect(access(world.data + "/sandbox", F_OK) != 0)
    }

    @Test(arguments: ["/data", "", "/data/x", "/link"]) func theGatewaysOwnDirectoryIsNeverOpened(_ path: String) throws
    {
        let world = try World()
        mkdir(world.data + "/x", 0o700)
        symlink(world.root, world.root + "/link")
        for isWrite in [false, true] {
            var policy = world.policy
            if isWrite { policy.write = [world.root + path] } else { policy.read = [world.root + path] }
            let sandbox = try Sandbox(policy, executable: "/bin/sh")
            let failure = #expect(throws: SpawnFailure.self) { try sandbox.open() }
            #expect(failure?.message.contains("the gateway's own directory") == true)
        }
    }

    @Test(.enabled(if: hasFiles)) func aListedPathThatIsMissingIsNamed() throws {
        let world = try World()
        var policy = world.policy
        policy.write = [world.home + "/nowhere"]
        let sandbox = try Sandbox(policy, executable: "/bin/sh")
        let failure = #expect(throws: SpawnFailure.self) { try sandbox.open() }
        #expect(failure?.message.contains("\(world.home)/nowhere in sandbox.write") == true)
    }

    @Test func itsDirectoryGoesWithIt() async throws {
        let world = try World()
        let path = try await world.run(
            "mkdir $TMPDIR/d; echo x > $TMPDIR/d/x; ln -s $HOME $TMPDIR/l; echo $TMPDIR", world.policy)
        #expect(path.count == 1 && path.allSatisfy { $0.utf8.starts(with: (world.data + "/sandbox/").utf8) })
        let gone = await ProcessFixture.eventually(true) { path.allSatisfy { access($0, F_OK) != 0 } }
        #expect(gone)
        #expect(access("\(world.home)/open/x", F_OK) == 0)
    }

    @Test func cpuTimeIsBounded() async throws {
        var spec = ProcessFixture.sh("ulimit -t")
        spec.limits.cpuSeconds = 7
        #expect(try await ProcessFixture.output(spec).lines == ["7"])
    }
}

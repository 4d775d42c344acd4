import CSpawn
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct ChildStateTests {
    private func status(_ pid: Int32) async throws -> [String: String] {
        let text = String(decoding: try await ProcessFixture.file("/proc/\(pid)/status"), as: UTF8.self)
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1].drop { $0 == "\t" || $0 == " " }) }
        }
        return fields
    }

    private static func descriptors(of pid: Int32) -> [String] {
        guard let directory = opendir("/proc/\(pid)/fd") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { !$0.utf8.starts(with: ".".utf8) }.sorted()
    }

    @Test func hasThreeDescriptorsAndNoInheritedState() async throws {
        // What must not reach the child: an open descriptor without close-on-exec, an ignored and a blocked signal.
        let leak = dup(0)
        defer { close(leak) }
        signal(SIGPIPE, SIG_IGN)
        let child = try await ProcessSpawner.shared.spawn(
            ProcessSpec(
                executable: "/bin/sleep", arguments: ["600"], workingDirectory: "/usr",
                limits: ProcessLimits(openFiles: 512, addressSpace: 1 << 30, fileSize: 1 << 20)))
        defer { child.killGroup() }

        // Its loader holds a library open for a moment; what was inherited stays open.
        let names = await ProcessFixture.eventually(["0", "1", "2"]) { [pid = child.pid] in Self.descriptors(of: pid) }
        #expect(names == ["0", "1", "2"])

        let fields = try await status(child.pid)
        #expect(fields["SigIgn"] == "0000000000000000")
        #expect(fields["SigBlk"] == "0000000000000000")
        #expect(fields["NoNewPrivs"] == "1")
        #expect(fields["Umask"] == "0077")

        let info = try #require(ProcessTable.find(child.pid))
        #expect(info.session == child.pid)
        #expect(info.group == child.pid)
        #expect(info.start_time == child.startTime)

        let limits = String(decoding: try await ProcessFixture.file("/proc/\(child.pid)/limits"), as: UTF8.self)
        func limit(_ name: String) -> [Substring] {
            limits.split(separator: "\n").first { $0.utf8.starts(with: name.utf8) }?.dropFirst(26).split(separator: " ")
                ?? []
        }
        #expect(limit("Max core file size").prefix(2) == ["0", "0"])
        #expect(limit("Max open files").prefix(2) == ["512", "512"])
        #expect(limit("Max address space").prefix(2) == ["1073741824", "1073741824"])
        #expect(limit("Max file size").prefix(2) == ["1048576", "1048576"])
    }

    @Test func environmentArgumentsAndDirectoryAreExact() async throws {
        let child = try await ProcessSpawner.shared.spawn(
            ProcessSpec(
                executable: "/bin/sleep", arguments: ["600", "0"],
                environment: [("B", "2"), ("A", "one two\n'\"$HOME"), ("EMPTY", ""), ("É", "ü")],
                workingDirectory: "/usr"))
        defer { child.killGroup() }
        let environment = try await ProcessFixture.file("/proc/\(child.pid)/environ")
        #expect(environment == Array("B=2\0A=one two\n'\"$HOME\0EMPTY=\0É=ü\0".utf8))
        #expect(
            try await ProcessFixture.file("/proc/\(child.pid)/cmdline") == Array("/bin/sleep\u{0}600\u{0}0\u{0}".utf8))
        #expect(try await ProcessFixture.output(ProcessFixture.sh("pwd")).lines == ["/"])
    }

    @Test(arguments: [0, 1, 3, 255]) func exitCode(_ code: Int32) async throws {
        let child = try await ProcessSpawner.shared.spawn(ProcessFixture.sh("exit \(code)"))
        #expect(await child.exit == .exited(code: code))
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGHUP, SIGUSR1]) func endBySignal(_ number: Int32) async throws {
        let child = try await ProcessSpawner.shared.spawn(
            ProcessSpec(executable: "/bin/sleep", arguments: ["600"]))
        #expect(child.signal(number))
        #expect(await child.exit == .signalled(number))
        #expect(!child.signal(number))
    }

    @Test func everyWaiterIsToldAndStdioIsHandedOutOnce() async throws {
        let child = try await ProcessSpawner.shared.spawn(ProcessFixture.sh("read line; exit 7"))
        let stdio = try #require(child.takeStdio())
        #expect(child.takeStdio() == nil)
        await withTaskGroup(of: ProcessExit.self) { group in
            for _ in 0..<20 { group.addTask { await child.exit } }
            _ = await ProcessFixture.blocking { write(stdio.stdin, "x\n", 2) }
            for await status in group { #expect(status == .exited(code: 7)) }
        }
        #expect(await child.exit == .exited(code: 7))
        #expect(child.status == .exited(code: 7))
        stdio.closeAll()
    }

    @Test func usageCoversTheWholeSession() async throws {
        let child = try await ProcessSpawner.shared.spawn(ProcessFixture.sh("sleep 600 & echo up; wait"))
        defer { child.killGroup() }
        let stdio = try #require(child.takeStdio())
        defer { stdio.closeAll() }
        #expect(await ProcessFixture.line(stdio.stdout) == "up")
        await ProcessCensus.shared.refresh(maxAge: .zero)
        let usage = try #require(ProcessCensus.shared.usage(of: child))
        #expect(usage.processes == 2)
        #expect((50_000..<50_000_000).contains(usage.memory))
        #expect(usage.cpuTime < .seconds(1))
        child.killGroup()
        _ = await child.exit
        _ = await child.stop()
        await ProcessCensus.shared.refresh(maxAge: .zero)
        #expect(ProcessCensus.shared.usage(of: child) == nil)
    }
}

import CSpawn
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct GuardianTests {
    @Test func killedGatewayLeavesNobodyBehind() async throws {
        let gateway = try await ProcessSpawner.shared.spawn(ProcessFixture.helper("guarded", "10"))
        defer { gateway.killGroup() }
        let stdio = try #require(gateway.takeStdio())
        defer { stdio.closeAll() }
        var children: [Int32] = []
        var grandchildren: [Int32] = []
        while case let line = await ProcessFixture.line(stdio.stdout), line != "ready" {
            let numbers = line.split(separator: " ")
            try #require(numbers.count == 2)
            children.append(try #require(Int32(numbers[0])))
            if let pid = Int32(numbers[1]) { grandchildren.append(pid) }
        }
        #expect(children.count == 10)
        #expect(grandchildren.count == 5)
        let all = (children + grandchildren).compactMap(ProcessTable.find)
        #expect(all.count == 15)
        #expect(all.allSatisfy(ProcessTable.isAlive))

        let clock = ContinuousClock()
        let start = clock.now
        gateway.signal(SIGKILL)
        for process in all { try await ProcessFixture.untilEnded(process.pid) }
        #expect(start.duration(to: clock.now) < .seconds(3))
        #expect(!all.contains(where: ProcessTable.isAlive))
    }
}

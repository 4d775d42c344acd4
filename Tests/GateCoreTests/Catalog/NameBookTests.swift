import Testing

@testable import GateCore

@Suite struct NameBookTests {
    private func names(_ records: [NameBook.Record]) -> [String] { records.map(\.name) }

    @Test func uniqueNamesStayAsTheyAre() {
        var book = NameBook()
        #expect(names(book.setTools(["echo", "Read-File", "a__b"], of: "alpha")) == ["echo", "Read-File", "a__b"])
        #expect(book.records.count == 3)
    }

    @Test func theLaterOneOfAClashIsQualified() {
        var book = NameBook()
        book.setTools(["echo"], of: "alpha")
        #expect(names(book.setTools(["echo", "ECHO"], of: "beta")) == ["beta_echo", book.records[2].name])
        #expect(book.records[2].name == "beta_ECHO_" + NameHash.suffix(NameHash.of(server: "beta", tool: "ECHO")))
        #expect(names(book.setTools(["Echo"], of: "be-1")) == ["be-1_Echo"])
    }

    @Test(arguments: [
        ("be.echo", "be_echo"), ("be/echo", "be_echo"), ("a b: c", "a_b_c"), ("caf\u{E9}", "caf_"),
        ("gate_call", "s_gate_call"), ("GATE-x", "s_GATE-x"), ("gateCall", "s_gateCall"),
        ("gate_\u{441}all", "s_gate_all"),
    ])
    func foldedIntoTheAlphabet(tool: String, name: String) {
        var book = NameBook()
        #expect(names(book.setTools([tool], of: "s")) == [name])
    }

    @Test func whatHasNoLetterIsQualifiedByItsHash() {
        var book = NameBook()
        let given = names(book.setTools(["\u{540D}\u{524D}", "", "///"], of: "s"))
        #expect(given[0] == "s_" + NameHash.suffix(NameHash.of(server: "s", tool: "\u{540D}\u{524D}")))
        #expect(given[1].hasPrefix("s_"))
        #expect(Set(given).count == 3)
        #expect(given.allSatisfy(ToolNaming.fits))
    }

    @Test func longNamesAreCutWithTheHash() {
        var book = NameBook()
        let long = String(repeating: "abcdefghi_", count: 7)
        let given = names(book.setTools([long, long + "x"], of: "s"))
        #expect(given[0] == String(long.prefix(38)) + "i_" + NameHash.suffix(NameHash.of(server: "s", tool: long)))
        #expect(given.allSatisfy { $0.utf8.count <= 48 })
        #expect(given[0] != given[1])
    }

    @Test func whatIsCoinedNeverLooksLikeTheGatewaysOwn() {
        var book = NameBook()
        #expect(names(book.setTools(["gate_call"], of: "gate")) == ["backend_gate_gate_call"])
        book.setTools(["call"], of: "alpha")
        #expect(names(book.setTools(["call"], of: "gate")) == ["backend_gate_call"])
        #expect(names(book.setTools(["call"], of: "1st")) == ["backend_1st_call"])
    }

    @Test func namesSurviveARestartInAnyOrder() {
        var first = NameBook()
        first.setTools(["echo", "x"], of: "alpha")
        first.setTools(["echo"], of: "beta")
        var second = NameBook(records: first.records)
        #expect(names(second.setTools(["echo"], of: "beta")) == ["beta_echo"])
        #expect(names(second.setTools(["x", "echo"], of: "alpha")) == ["x", "echo"])
        #expect(second.revision == 0)
    }

    @Test func aNameStaysReservedToItsTool() {
        var book = NameBook()
        book.setTools(["echo"], of: "alpha")
        book.removeServer("alpha")
        #expect(names(book.setTools(["echo"], of: "beta")) == ["beta_echo"])
        #expect(book.resolve("echo") == .gone(.init(server: "alpha", tool: "echo", name: "echo")))
        #expect(names(book.setTools(["echo"], of: "alpha")) == ["echo"])
    }

    @Test func brokenRecordsAreLeftOut() {
        let book = NameBook(records: [
            .init(server: "a", tool: "x", name: "x"), .init(server: "a", tool: "x", name: "y"),
            .init(server: "b", tool: "X", name: "X"), .init(server: "b", tool: "gate_x", name: "gate_x"),
            .init(server: "b", tool: "z", name: "no good"), .init(server: "b", tool: "z", name: ""),
        ])
        #expect(book.records == [.init(server: "a", tool: "x", name: "x")])
        #expect(book.refusedRecords == 5)
    }

    @Test func forgetsTheOldestNamesOfTheGreediestServer() {
        var book = NameBook(limit: 100)
        book.setTools((0..<20).map { "keep\($0)" }, of: "active")
        book.setTools((0..<5).map { "old\($0)" }, of: "quiet")
        book.removeServer("quiet")
        for round in 0..<30 {
            book.setTools((0..<10).map { "t\(round)_\($0)" }, of: "churn")
        }
        #expect(book.records.count <= 100)
        #expect(book.exposedName(of: .init(server: "quiet", tool: "old0")) == "old0")
        #expect(book.exposedName(of: .init(server: "churn", tool: "t0_0")) == nil)
        #expect(book.exposedName(of: .init(server: "active", tool: "keep19")) == "keep19")
        guard case .tool(let record) = book.resolve("t29_9") else { Issue.record("lost an active tool"); return }
        #expect(record == .init(server: "churn", tool: "t29_9", name: "t29_9"))
        #expect(book.tools(of: "churn")?.count == 10)
    }
}

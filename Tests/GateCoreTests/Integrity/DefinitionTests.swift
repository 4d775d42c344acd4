import GateProtocol
import Testing

@testable import GateCore

@Suite struct DefinitionTests {
    private func value(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

    @Test func theOrderOfMembersSaysNothing() throws {
        let one = try value(#"{"name":"a","inputSchema":{"type":"object","b":[1,{"y":1,"x":2}]},"description":"d"}"#)
        let other = try value(
            #"{ "description" : "d", "inputSchema":{"b":[1,{"x":2,"y":1}],"type":"object"},"name":"\u0061"}"#)
        #expect(CanonicalJSON.bytes(one) == CanonicalJSON.bytes(other))
        for changed in [
            #"{"name":"a","inputSchema":{"type":"object","b":[{"y":1,"x":2},1]},"description":"d"}"#,
            #"{"name":"a","inputSchema":{"type":"object","b":[1.0,{"y":1,"x":2}]},"description":"d"}"#,
            #"{"name":"a","inputSchema":{"type":"object","b":[1,{"y":1,"x":2}]},"description":"d "}"#,
            #"{"name":"a","inputSchema":{"type":"object","b":[1,{"y":1,"x":2}]},"description":"d","_meta":{}}"#,
        ] {
            #expect(CanonicalJSON.bytes(one) != CanonicalJSON.bytes(try value(changed)), "\(changed)")
        }
        // Equal for Unicode, different for whoever reads bytes.
        #expect(
            CanonicalJSON.bytes(try value(#"{"description":"caf\u00e9"}"#))
                != CanonicalJSON.bytes(try value(#"{"description":"cafe\u0301"}"#)))
    }

    @Test func digestsHaveOneSpelling() throws {
        let hex = String(repeating: "0f", count: 32)
        #expect(DefinitionDigest(hex: hex) == DefinitionDigest(bytes: [UInt8](repeating: 15, count: 32)))
        #expect(DefinitionDigest(hex: hex.uppercased()) == nil && DefinitionDigest(hex: String(hex.dropLast())) == nil)
    }

    @Test func differencesHaveAPath() throws {
        let before = try value(
            #"{"name":"a","description":"Reads.","inputSchema":{"properties":{"path":{"description":"p"},"old":{}}},"list":[1,2]}"#
        )
        let after = try value(
            #"{"name":"a","description":"Reads all.","inputSchema":{"properties":{"path":{"description":"q"},"a.b":{"type":"string"}}},"list":[1,3,4]}"#
        )
        let found = DefinitionDifference.between(before, after)
        #expect(
            found.all == [
                .init(path: "description", before: "Reads.", after: "Reads all."),
                .init(path: "inputSchema.properties.path.description", before: "p", after: "q"),
                .init(path: #"inputSchema.properties["a.b"]"#, before: nil, after: ["type": "string"]),
                .init(path: "inputSchema.properties.old", before: [:], after: nil),
                .init(path: "list[1]", before: 2, after: 3), .init(path: "list[2]", before: nil, after: 4),
            ])
        #expect(!found.isCut && DefinitionDifference.between(after, after).all.isEmpty)
        let many = JSONValue.array((0..<5_000).map { .init($0) })
        let cut = DefinitionDifference.between([], many)
        #expect(cut.isCut && cut.all.count == DefinitionDifference.most)
    }

    @Test func hiddenCharactersAreFound() throws {
        for (text, words) in [
            ("a\u{200B}b", "U+200B"), ("a\u{202E}b", "changes the direction"), ("a\u{1B}[2Jb", "terminal escape"),
            ("a\u{FEFF}b\u{FEFF}", "U+FEFF ×2"), ("a\u{E0048}\u{E0069}", "which spell \"Hi\""), ("\u{9B}x", "U+009B"),
            ("a\u{2066}b", "U+2066"), ("a\u{E0100}", "variation selector"), ("a\u{3164}", "U+3164"),
            ("a\u{0}", "U+0000"), ("a\u{200D}b", "U+200D"),
        ] {
            let flags = DefinitionFlag.inTexts(of: [
                "inputSchema": ["properties": ["p": ["description": .string(text)]]]
            ])
            #expect(flags.map(\.kind) == [.hiddenCharacters], "\(words)")
            #expect(flags.first?.path == "inputSchema.properties.p.description")
            #expect(flags.first?.words.contains(words) == true, "\(flags)")
        }
        let name = DefinitionFlag.inTexts(of: ["inputSchema": ["properties": ["a\u{200B}": [:]]]])
        #expect(name.first?.words.hasPrefix("in the name: U+200B") == true)
        for fine in ["Plain, with\ttabs\r\nand lines.", "Größe, 大きさ, размер", "👩‍💻 and ❤️", "می‌خواهم", "क्‍ष"] {
            #expect(DefinitionFlag.inTexts(of: ["description": .string(fine)]).isEmpty, "\(fine)")
        }
    }

    @Test func namesThatLookAlikeAreFound() {
        var names = NameTable()
        for (server, tool) in [("files", "read_file"), ("files", "list1"), ("bank", "transfer"), ("git", "status")] {
            names.add(ToolIdentity(server: server, tool: tool))
        }
        func flags(_ server: String, _ tool: String) -> [DefinitionFlag.Kind] {
            names.flags(ToolIdentity(server: server, tool: tool)).map(\.kind)
        }
        for twin in [
            "Read_File", "rеad_file", "read_fi1e", "rеаd_filе", "read\u{200B}_file", "ｒead_file", "listl",
            "tranѕfer", "trαnsfer",
        ] {
            #expect(flags("new", twin) == [.lookAlike], "\(twin)")
        }
        for fine in ["read_file", "readfile", "write", "read_files", "statistics"] {
            #expect(flags("new", fine).isEmpty, "\(fine)")
        }
        #expect(flags("evil", "git_status") == [.shadows])
        for own in ["gate_call", "GATE_CALL", "gate_сall", "gаte_discover", "g\u{200B}ate_x"] {
            #expect(flags("evil", own).contains(.shadows), "\(own)")
        }
        #expect(flags("g1t", "other") == [.lookAlike], "a server that looks like another")
        #expect(flags("new", "кassa_x") == [.lookAlike], "mixed alphabets, with no twin")
        #expect(flags("new", "касса").isEmpty, "a word of one alphabet")
        names.remove(server: "git")
        #expect(flags("evil", "git_status").isEmpty && flags("g1t", "other").isEmpty)
    }
}

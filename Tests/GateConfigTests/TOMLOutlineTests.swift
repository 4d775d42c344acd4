import Testing

@testable import GateConfig

@Suite struct TOMLOutlineTests {
    private func places(_ text: String) throws -> [String: String] {
        let outline = try TOMLOutline(scanning: Array(text.utf8))
        return Dictionary(
            uniqueKeysWithValues: outline.positions.map { ("\($0.key)", "\($0.value.line):\($0.value.column)") })
    }

    @Test func tablesKeysAndArrays() throws {
        let found = try places(
            """
            top = 1
              [a.b]
            c.d = "x # no comment ]"   # comment
            "q.r" = '\\'
            [[list]]
            k = [1, "two", [3], {x = 4}]
            [[list]]
            [list.sub]
            z = 1979-05-27 07:32:00
            [[list.inner]]
            v = {a.b = 1, c = {d = 2}}
            """)
        let expected = [
            "top": "1:1", "a": "2:3", "a.b": "2:3", "a.b.c": "3:1", "a.b.c.d": "3:1", "a.b.\"q.r\"": "4:1",
            "list": "5:1", "list[0]": "5:1", "list[0].k": "6:1", "list[0].k[0]": "6:6", "list[0].k[1]": "6:9",
            "list[0].k[2]": "6:16", "list[0].k[2][0]": "6:17", "list[0].k[3]": "6:21", "list[0].k[3].x": "6:22",
            "list[1]": "7:1", "list[1].sub": "8:1", "list[1].sub.z": "9:1", "list[1].inner": "10:1",
            "list[1].inner[0]": "10:1", "list[1].inner[0].v": "11:1", "list[1].inner[0].v.a": "11:6",
            "list[1].inner[0].v.a.b": "11:6", "list[1].inner[0].v.c": "11:15", "list[1].inner[0].v.c.d": "11:20",
        ]
        #expect(found == expected)
    }

    @Test func stringsOverSeveralLines() throws {
        let quotes = "\"\"\""
        let found = try places(
            "a = \(quotes)\n[x]\ny = 1 \\\"\(quotes)\"\"\nb = '''\n''[z]'''''\r\nc = 1\n\"\\u0064é\" = 2")
        #expect(found == ["a": "1:1", "b": "4:1", "c": "6:1", "\"dé\"": "7:1"])
    }

    @Test func columnsCountScalars() throws {
        #expect(try places("a = {\"é𝄞\" = 1, b = 2}")["a.b"] == "1:16")
    }

    @Test func nearestTableStandsInForAnAbsentKey() throws {
        let outline = try TOMLOutline(scanning: Array("\n[a]\nb = 1".utf8))
        #expect(outline.position(of: ConfigPath().appending("a").appending("zz")) == .init(line: 2, column: 1))
        #expect(outline.position(of: ConfigPath().appending("q")) == nil)
    }
}

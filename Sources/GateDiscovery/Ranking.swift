/// The weights of the ranking. The defaults are the product; other values exist to measure what each part brings.
package struct Ranking: Sendable {
    // Fields: how much one occurrence counts, and the usual number of words, above which occurrences count less.
    package var name = Field(weight: 3.5, length: 3)
    package var title = Field(weight: 1.5, length: 4)
    package var description = Field(weight: 1, length: 15)
    package var parameterNames = Field(weight: 0.5, length: 6)
    package var parameterTexts = Field(weight: 0.3, length: 25)
    package var server = Field(weight: 1, length: 2)
    package var serverTitle = Field(weight: 0.5, length: 4)
    package var serverDescription = Field(weight: 0.3, length: 25)

    /// Saturation: how fast more occurrences stop to count (BM25's k1).
    package var saturation: Float = 0.9
    /// How much a long field is held against a tool (BM25's b).
    package var lengthPenalty: Float = 0.9

    // Parts of the score.
    package var lexical: Float = 1
    package var meaning: Float = 1.3
    /// How much a tool's name adds to the vector of its whole text.
    package var nameMeaning: Float = 0.2
    package var serverMeaning: Float = 0.1
    package var synonym: Float = 0.3
    package var joined: Float = 0.25
    package var typo: Float = 0.7
    /// Scale of the lexical part: 0 is the share of the query's weight that was met, 1 relative to the best tool.
    /// How far a word's weight follows the length of its vector, which tells how much it says whatever the catalog.
    package var significance: Float = 0.6
    package var relative: Float = 0.5
    package var clause: Float = 0.4
    /// Taken off for each better tool of the same server.
    package var crowding: Float = 0.02
    /// Least cosine of a tool that shares no word with the query.
    package var meaningFloor: Float = 0.25

    package init() {}

    package struct Field: Sendable {
        package var weight: Float
        package var length: Float

        package init(weight: Float, length: Float) {
            self.weight = weight
            self.length = length
        }
    }
}

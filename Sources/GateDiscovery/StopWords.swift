/// Words that say nothing about which tool is meant: grammar, and how people talk to assistants.
enum StopWords {
    static let text = """
        a an and any are as at be been being but by can could did do does doing for from had has have having he her here \
        hers him his how i if in into is it its itself just let may me might my no nor not of off on once only or other \
        our ours out over own same shall she should so some such than that the their theirs them then there these they \
        this those through to too under until up us very was we were what when where which while who whom why will with \
        would you your yours also am each both few more most please kindly help want wants need needs like would am \
        able using use used via let lets ll ve re don doesn isn im ve about could assist hello hi hey thanks thank \
        give get gets getting got tell show looking wondering wonder know interested possible something anything someone me my mine really \
        whether per etc e.g ie must provide provided providing based specific various certain within also well \
        recommend recommendation recommendations suggest suggestions suggestion tool tools function api mcp
        """
}

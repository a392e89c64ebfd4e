"""Parts of a command line that know nothing of boxes; both packages use them."""
